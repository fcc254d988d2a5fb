"""A rule as it is evaluated: what it watches, when it holds, when it clears. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, NamedTuple

from chatops.errors import InvalidInput
from chatops.protocol.metric_names import METRICS, Metric
from chatops.protocol.rest import Op, Severity
from chatops.text import shorten

EACH: Final = "*"
"""The instance that stands for every one of a metric."""
OFFLINE: Final = "offline"
"""The metric that the hub measures by its own clock, with an agent or without."""
_HYSTERESIS: Final = 0.05
_ABOVE: Final = ("gt", "ge")
SIGNS: Final = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


class Watched(NamedTuple):
    """What a rule watches. ``instance`` is "" for the total, EACH for every one."""

    name: str
    instance: str = ""

    @property
    def each(self) -> bool:
        """Whether every instance has alerts of its own."""
        return self.instance == EACH

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.name}:{self.instance}" if self.instance else self.name


def parse_watched(text: str) -> Watched:
    """What ``NAME``, ``NAME:INSTANCE`` or ``NAME:*`` watches; a name that has no total watches
    each instance.

    Raises:
        InvalidInput: there is no such metric, or it has no instances.
    """
    name, colon, instance = text.partition(":")
    metric = METRICS.get(name)
    if metric is None and name != OFFLINE:
        known = ", ".join(dict.fromkeys((*METRICS, OFFLINE)))
        raise InvalidInput(f"there is no metric {shorten(text, 80)!r}", hint=f"known are {known}")
    if colon and (metric is None or metric.listed is None or not instance):
        raise InvalidInput(
            f"the metric {name} is not written with an instance like {shorten(text, 80)!r}",
            hint=_how(name, metric),
        )
    return understood(text)


def _how(name: str, metric: Metric | None) -> str:
    """How a metric is written."""
    if metric is None or metric.listed is None:
        return f"write {name}"
    each = f"{name}:NAME for one, {name}:{EACH} for each"
    return f"write {each}" if metric.total is None else f"write {name}, {each}"


def understood(text: str) -> Watched:
    """The same of a text that was checked when it was stored, whatever is known of it now."""
    name, _, instance = text.partition(":")
    metric = METRICS.get(name)
    return Watched(name, EACH if not instance and _needs_instance(metric) else instance)


def _needs_instance(metric: Metric | None) -> bool:
    return metric is not None and metric.listed is not None and metric.total is None


@dataclass(frozen=True, slots=True)
class Rule:
    """``watched`` ``op`` ``value`` for ``for_s`` seconds; it clears at ``clear``."""

    id: str
    name: str
    watched: Watched
    op: Op
    value: float
    clear: float
    for_s: float
    severity: Severity

    @property
    def above(self) -> bool:
        """Whether values above the threshold are the bad ones."""
        return self.op in _ABOVE

    @property
    def edge(self) -> float:
        """The threshold as one that a bad value is strictly past."""
        if self.op == "ge":
            return math.nextafter(self.value, -math.inf)
        return math.nextafter(self.value, math.inf) if self.op == "le" else self.value

    def holds(self, value: float) -> bool:
        """Whether ``value`` is a bad one."""
        return value > self.edge if self.above else value < self.edge

    def clears(self, value: float) -> bool:
        """Whether ``value`` ends an alert. Between this and the threshold nothing is decided."""
        beyond = value <= self.clear if self.above else value >= self.clear
        return beyond and not self.holds(value)

    def judges_as(self, other: Rule) -> bool:
        """Whether the other decides the same of every value."""
        mine = (self.watched, self.op, self.value, self.clear, self.for_s, self.severity)
        return mine == (
            other.watched, other.op, other.value, other.clear, other.for_s, other.severity
        )  # fmt: skip


def check_side(watched: Watched, op: Op) -> None:
    """That a rule is not about what is well.

    Raises:
        InvalidInput: it is.
    """
    if watched.name == OFFLINE and op not in _ABOVE:
        raise InvalidInput(
            f"{OFFLINE} is 0 while the agent is connected: with {op} what is well would be wrong",
            hint="use gt, like: offline gt 1m",
        )


def default_clear(watched: Watched, op: Op, value: float) -> float:
    """Where a rule clears that does not say it: 5 % of |value| inside the threshold, but no more
    than half the way to what the metric can be at most, as nothing would clear beyond that."""
    room = _HYSTERESIS * abs(value)
    if op in _ABOVE:
        return value - room
    metric = METRICS.get(watched.name)
    most = None if metric is None else metric.most
    return value + (room if most is None or most < value else min(room, (most - value) / 2))


def check_values(
    watched: Watched, op: Op, value: float, clear: float | None, for_s: float
) -> float:
    """The clear value of a rule that makes sense.

    Raises:
        InvalidInput: it makes none; says why.
    """
    if not math.isfinite(value):
        raise InvalidInput(f"{value} is no threshold", hint="give a number, like 90% or 10GB")
    if not math.isfinite(for_s) or for_s < 0:
        raise InvalidInput(f"a rule cannot wait for {for_s:g} s", hint="0s fires at once")
    if clear is None:
        return default_clear(watched, op, value)
    if not math.isfinite(clear):
        raise InvalidInput(f"{clear} is no clear value", hint="give a number, like 85%")
    bad, good = ("above", "below") if op in _ABOVE else ("below", "above")
    if (clear > value) if op in _ABOVE else (clear < value):
        raise InvalidInput(
            f"the clear value {clear:g} is {bad} the threshold {value:g}, on its bad side",
            hint=f"a rule with {op} clears at {value:g} or {good}",
        )
    return clear
