"""Which rules a sample concerns, found fast: rules are compiled when they or the fleet change.

Rules with one target and one owner are a group; a group is compiled once for all servers: by
metric and instance, the thresholds of each side in order. A value finds by bisection those that it
is past.
Which groups a server has is worked out when it, or a group, is new. Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple, Protocol
from weakref import WeakValueDictionary

from chatops.protocol.metric_names import METRICS
from chatops.protocol.metrics import Sample
from chatops.protocol.target import Facts, Part, Target
from chatops.server.services.alerting.guards import Guards, Outermost, outermost
from chatops.server.services.alerting.readings import Reading, Values, Watch, make_watch
from chatops.server.services.alerting.rule import OFFLINE, Rule

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


class _Group:
    """The rules of one scope."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._rules: dict[str, Rule] = {}
        self._offline: list[Rule] = []
        self._watches: dict[str, Watch] = {}
        self._compiled = True
        self.version = 0

    def put(self, rule: Rule) -> None:
        self._rules[rule.id] = rule
        self._changed()

    def remove(self, rule_id: str) -> None:
        del self._rules[rule_id]
        self._changed()

    def get(self, rule_id: str) -> Rule:
        return self._rules[rule_id]

    def ids(self) -> Iterable[str]:
        return self._rules

    @property
    def watches(self) -> dict[str, Watch]:
        """Its rules on what samples hold, by metric."""
        self._compile()
        return self._watches

    @property
    def offline(self) -> list[Rule]:
        """Its rules on whether servers are there at all."""
        self._compile()
        return self._offline

    def __len__(self) -> int:
        return len(self._rules)

    def _changed(self) -> None:
        self._compiled = False
        self.version += 1

    def _compile(self) -> None:
        if self._compiled:
            return
        self._compiled = True
        found: dict[str, dict[str, list[Rule]]] = defaultdict(lambda: defaultdict(list))
        for rule in self._rules.values():
            found[rule.watched.name][rule.watched.instance].append(rule)
        self._offline = found.pop(OFFLINE, {}).get("", [])
        self._watches = {
            name: make_watch(METRICS[name], by_instance)
            for name, by_instance in found.items()
            if name in METRICS
        }


class _Plan:
    """What a server has: groups, and the guards of all of them. Servers that have the same share
    it: most of a fleet do."""

    __slots__ = ("__weakref__", "groups", "guards", "made_of", "version")

    def __init__(self, groups: tuple[_Group, ...]) -> None:
        self.groups = groups
        self.guards = Guards(())
        self.made_of: list[int] = []
        self.version = -1


class Plans:
    """The groups, and which of them each server has."""

    def __init__(self, rights: Rights) -> None:
        self._rights = rights
        self._groups: dict[tuple[str, str | None], _Group] = {}
        self._of_rule: dict[str, _Group] = {}
        self._plans: dict[str, _Plan] = {}
        self._shared: WeakValueDictionary[tuple[_Group, ...], _Plan] = WeakValueDictionary()
        self._version = 0
        self._guards: WeakValueDictionary[tuple[Outermost, ...], Guards] = WeakValueDictionary()
        self._by_form: dict[Part, list[_Group]] = defaultdict(list)

    def put(self, rule: Rule, scope: Scope) -> None:
        """Add a rule, or put it in place of the one of its id."""
        self.remove(rule.id)
        key = (str(scope.target), scope.owner)
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(scope)
            self._by_form[_form(scope.target)].append(group)
            self.forget([one for one in self._plans if self._rights.covers(scope, one)])
        group.put(rule)
        self._of_rule[rule.id] = group
        self._version += 1

    def remove(self, rule_id: str) -> None:
        """Take a rule out; one that is not there is fine."""
        group = self._of_rule.pop(rule_id, None)
        if group is None:
            return
        group.remove(rule_id)
        self._version += 1
        if not group:
            del self._groups[str(group.scope.target), group.scope.owner]
            self._by_form[_form(group.scope.target)].remove(group)
            self.forget([one for one, plan in self._plans.items() if group in plan.groups])

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
            self._plans.pop(server_id, None)

    def covers(self, rule_id: str, server_id: str) -> bool:
        """Whether a rule is for a server."""
        group = self._of_rule.get(rule_id)
        return group is not None and self._rights.covers(group.scope, server_id)

    def covering(self, server_ids: Iterable[str]) -> set[str]:
        """The ids of the rules that are for one of the servers at least."""
        groups = {group for one in server_ids for group in self._plan(one).groups}
        return {rule_id for group in groups for rule_id in group.ids()}

    def hand_over(self, owner: str, to: str) -> None:
        """All rules of somebody are another's now."""
        mine = [one for one, group in self._of_rule.items() if group.scope.owner == owner]
        for rule_id in mine:
            group = self._of_rule[rule_id]
            self.put(group.get(rule_id), group.scope._replace(owner=to))

    def see(self, server_id: str, sample: Sample, skew: float | None) -> list[str]:
        """The metrics of which a rule for a server may hold, at a first look."""
        plan = self._plan(server_id)
        if plan.version != self._version:
            self._renew(plan)
        return plan.guards.see(sample, skew)

    def held(self, server_id: str, seen: Iterable[str], values: Values) -> list[Reading]:
        """Everything in a sample for which a rule holds, of the metrics that were seen."""
        return [
            reading
            for name in seen
            for group in self._plan(server_id).groups
            if name in group.watches
            for reading in group.watches[name].held(values)
        ]

    def offline(self, server_id: str) -> list[Rule]:
        """The rules that watch whether the server is there at all."""
        return [rule for group in self._plan(server_id).groups for rule in group.offline]

    def __len__(self) -> int:
        return len(self._of_rule)

    def _plan(self, server_id: str) -> _Plan:
        plan = self._plans.get(server_id)
        if plan is None:
            found = (group for form in self._forms(server_id) for group in self._by_form[form])
            groups = tuple(one for one in found if self._rights.covers(one.scope, server_id))
            plan = self._plans[server_id] = self._shared.get(groups) or _Plan(groups)
            self._shared[groups] = plan
        return plan

    def _renew(self, plan: _Plan) -> None:
        """Make a plan's guards again if one of its groups changed."""
        plan.version = self._version
        made_of = [group.version for group in plan.groups]
        if made_of == plan.made_of:
            return
        plan.made_of = made_of
        thresholds = outermost(one for group in plan.groups for one in group.watches.values())
        plan.guards = self._guards.get(thresholds) or Guards(thresholds)
        self._guards[thresholds] = plan.guards

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
