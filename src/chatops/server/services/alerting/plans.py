"""Which rules a sample concerns, found fast: rules are compiled when they or the fleet change.

Rules with one target and one owner are a group; a group is compiled once for all servers: by
metric and instance, the thresholds of each side in order. A value finds by bisection those that it
is past.
Which groups a server has is worked out when it, or a group, is new. Pure.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from chatops.protocol.metric_names import METRICS, Metric, value_of
from chatops.protocol.metrics import Sample
from chatops.protocol.target import Facts, Part, Target
from chatops.server.services.alerting.rule import EACH, OFFLINE, Rule

_BY_HUB: Final = "clock.skew"
_OTHER: Final = Part("all", "")
"""The form of all targets that are no single name or tag."""


class Scope(NamedTuple):
    """Whom a rule is for: the servers of ``target`` that its owner may operate (None: all)."""

    target: Target
    owner: str | None


class Rights(Protocol):
    """Who may operate what."""

    def covers(self, scope: Scope, server_id: str) -> bool:
        """Whether a scope covers a server."""
        ...

    def facts(self, server_id: str) -> Facts | None:
        """What a target looks at."""
        ...


class Sides:
    """The rules on one METRIC, each side by threshold."""

    __slots__ = ("_above", "_below", "_over", "_under", "highest", "least")

    def __init__(self, rules: Iterable[Rule]) -> None:
        by_edge = sorted(rules, key=lambda rule: rule.edge)
        self._above = [rule for rule in by_edge if rule.above]
        self._below = [rule for rule in by_edge if not rule.above]
        self._over = [rule.edge for rule in self._above]
        self._under = [rule.edge for rule in self._below]
        self.least = self._over[0] if self._over else float("inf")
        self.highest = self._under[-1] if self._under else float("-inf")

    def holding(self, value: float) -> list[Rule]:
        """The rules for which ``value`` is a bad one."""
        bad = self._above[: bisect_left(self._over, value)]
        return bad + self._below[bisect_right(self._under, value) :]


class Reading(NamedTuple):
    """A value for which a rule holds."""

    rule: Rule
    instance: str
    value: float


class Values:
    """The values of one sample, each worked out once."""

    __slots__ = ("_listed", "_sample", "_skew", "_totals")

    def __init__(self, sample: Sample, skew: float | None) -> None:
        self._sample = sample
        self._skew = skew
        self._totals: dict[str, float | None] = {}
        self._listed: dict[str, dict[str, float | None]] = {}

    def total(self, metric: Metric) -> float | None:
        """The value of the name alone."""
        if metric.name == _BY_HUB:
            return self._skew
        if metric.listed is None:
            return metric.pick(self._sample)
        if metric.name not in self._totals:
            self._totals[metric.name] = value_of(self._sample, metric)
        return self._totals[metric.name]

    def instances(self, metric: Metric) -> dict[str, float | None]:
        """The values of its instances."""
        if metric.name not in self._listed:
            self._listed[metric.name] = metric.instances(self._sample)
        return self._listed[metric.name]

    def of(self, metric: Metric, instance: str) -> float | None:
        """The value of an instance, or ("") of the name alone."""
        if not instance:
            return self.total(metric)
        return self.instances(metric).get(instance) if metric.listed else None

    def misses(self, metric: Metric, instance: str) -> bool:
        """Whether an instance is not there, and would be if it was anywhere."""
        if not instance or metric.listed is None or instance in self.instances(metric):
            return False
        kind = metric.listed.field  # a mount that hangs is missing as disk:/mnt
        return not any(f"{one.partition(':')[0]}s".startswith(kind) for one in self._sample.missing)


@dataclass(slots=True)
class _Watch:
    """The rules on one metric: of the name alone, of every instance, of this and that one."""

    metric: Metric
    total: Sides | None
    each: Sides | None
    named: dict[str, Sides]

    def held(self, values: Values) -> Iterator[Reading]:
        if self.total is not None:
            yield from _held(self.total, "", values.total(self.metric))
        if self.each is not None or self.named:
            for instance, value in values.instances(self.metric).items():
                if self.each is not None:
                    yield from _held(self.each, instance, value)
                if instance in self.named:
                    yield from _held(self.named[instance], instance, value)


def _held(sides: Sides, instance: str, value: float | None) -> Iterable[Reading]:
    if value is None or not (value > sides.least or value < sides.highest):
        return ()  # by far the most common case
    return [Reading(rule, instance, value) for rule in sides.holding(value)]


class _Group:
    """The rules of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._rules: dict[str, Rule] = {}
        self._offline: list[Rule] = []
        self._watches: list[_Watch] = []
        self._compiled = True

    def put(self, rule: Rule) -> None:
        self._rules[rule.id] = rule
        self._compiled = False

    def remove(self, rule_id: str) -> None:
        del self._rules[rule_id]
        self._compiled = False

    def get(self, rule_id: str) -> Rule:
        return self._rules[rule_id]

    @property
    def watches(self) -> list[_Watch]:
        """Its rules on what samples hold."""
        self._compile()
        return self._watches

    @property
    def offline(self) -> list[Rule]:
        """Its rules on whether servers are there at all."""
        self._compile()
        return self._offline

    def __len__(self) -> int:
        return len(self._rules)

    def _compile(self) -> None:
        if self._compiled:
            return
        self._compiled = True
        found: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for rule in self._rules.values():
            found[rule.watched.name][rule.watched.instance].append(rule)
        self._offline = found.pop(OFFLINE, {}).get("", [])
        self._watches = [
            _watch(METRICS[name], by_instance)
            for name, by_instance in found.items()
            if name in METRICS
        ]


def _watch(metric: Metric, by_instance: dict[str, list[Rule]]) -> _Watch:
    sides = {instance: Sides(rules) for instance, rules in by_instance.items()}
    return _Watch(metric, sides.pop("", None), sides.pop(EACH, None), sides)


class Plans:
    """The groups, and which of them each server has."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._groups: dict[tuple[str, str | None], _Group] = {}
        self._of_rule: dict[str, _Group] = {}
        self._of_server: dict[str, list[_Group]] = {}
        self._by_form: dict[Part, list[_Group]] = defaultdict(list)

    def put(self, rule: Rule, scope: Scope) -> None:
        """Add a rule, or put it in place of the one of its id."""
        self.remove(rule.id)
        key = (str(scope.target), scope.owner)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(scope)
            self._by_form[_form(scope.target)].append(group)
            for server_id, groups in self._of_server.items():
                if self._rights.covers(scope, server_id):
                    groups.append(group)
        group.put(rule)
        self._of_rule[rule.id] = group

    def remove(self, rule_id: str) -> None:
        """Take a rule out; one that is not there is fine."""
        group = self._of_rule.pop(rule_id, None)
        if group is None:
            return
        group.remove(rule_id)
        if not group:
            del self._groups[str(group.scope.target), group.scope.owner]
            self._by_form[_form(group.scope.target)].remove(group)
            for groups in self._of_server.values():
                if group in groups:
                    groups.remove(group)

    def forget_target(self, server_id: str) -> None:
        """A server is gone, and with it the rules that are for it alone."""
        for rule_id, group in list(self._of_rule.items()):
            if group.scope.target.one == server_id:
                self.remove(rule_id)

    def get(self, rule_id: str) -> Rule | None:
        """The rule of that id."""
        group = self._of_rule.get(rule_id)
        return group.get(rule_id) if group is not None else None

    def forget(self, server_ids: Iterable[str]) -> None:
        """The servers, or who may operate them, changed: work out again what they have."""
        for server_id in server_ids:
            self._of_server.pop(server_id, None)

    def covers(self, rule_id: str, server_id: str) -> bool:
        """Whether a rule is for a server."""
        group = self._of_rule.get(rule_id)
        return group is not None and self._rights.covers(group.scope, server_id)

    def held(self, server_id: str, values: Values) -> list[Reading]:
        """Everything in a sample for which a rule holds."""
        return [
            reading
            for group in self._groups_of(server_id)
            for watch in group.watches
            for reading in watch.held(values)
        ]

    def offline(self, server_id: str) -> list[Rule]:
        """The rules that watch whether the server is there at all."""
        return [rule for group in self._groups_of(server_id) for rule in group.offline]

    def __len__(self) -> int:
        return len(self._of_rule)

    def _groups_of(self, server_id: str) -> list[_Group]:
        groups = self._of_server.get(server_id)
        if groups is None:
            found = (group for form in self._forms(server_id) for group in self._by_form[form])
            groups = [one for one in found if self._rights.covers(one.scope, server_id)]
            self._of_server[server_id] = groups
        return groups

    def _forms(self, server_id: str) -> list[Part]:
        """The forms of targets that may mean a server."""
        facts = self._rights.facts(server_id)
        if facts is None:
            return []
        forms = [Part("name", facts.id), Part("name", facts.name), _OTHER]
        forms += [Part("tag", f"{key}={value}") for key, value in facts.tags.items()]
        return [form for form in forms if form in self._by_form]


def _form(target: Target) -> Part:
    """Where a group is looked for: by its name or tag where its target is just that."""
    first = target.parts[0]
    return first if len(target.parts) == 1 and first.kind in ("name", "tag") else _OTHER
