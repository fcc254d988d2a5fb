"""What a sample says to rules: its values, and the rules that one of them makes hold. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from chatops.protocol.metric_names import Metric, value_of
from chatops.protocol.metrics import Sample
from chatops.server.services.alerting.rule import EACH, Rule

BY_HUB: Final = "clock.skew"
"""What the hub measures of a sample."""


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

    __slots__ = ("_listed", "_totals", "sample", "skew")

    def __init__(self, sample: Sample, skew: float | None) -> None:
        self.sample = sample
        self.skew = skew
        self._totals: dict[str, float | None] = {}
        self._listed: dict[str, dict[str, float | None]] = {}

    def total(self, metric: Metric) -> float | None:
        """The value of the name alone."""
        if metric.name == BY_HUB:
            return self.skew
        if metric.listed is None:
            return metric.pick(self.sample)
        if metric.name not in self._totals:
            self._totals[metric.name] = value_of(self.sample, metric)
        return self._totals[metric.name]

    def instances(self, metric: Metric) -> dict[str, float | None]:
        """The values of its instances."""
        if metric.name not in self._listed:
            self._listed[metric.name] = metric.instances(self.sample)
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
        return not any(f"{one.partition(':')[0]}s".startswith(kind) for one in self.sample.missing)


@dataclass(slots=True)
class Watch:
    """The rules on one metric: of the name alone, of every instance, of this and that one."""

    metric: Metric
    total: Sides | None
    each: Sides | None
    named: dict[str, Sides]

    @property
    def of_instances(self) -> list[Sides]:
        """The rules on single instances, or on each."""
        return [one for one in (self.each, *self.named.values()) if one is not None]

    def held(self, values: Values) -> Iterator[Reading]:
        """Every value for which a rule holds."""
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


def make_watch(metric: Metric, by_instance: dict[str, list[Rule]]) -> Watch:
    """The rules on one metric, by what instance they watch."""
    sides = {instance: Sides(rules) for instance, rules in by_instance.items()}
    return Watch(metric, sides.pop("", None), sides.pop(EACH, None), sides)
