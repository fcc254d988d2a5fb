"""A first look at a sample: most hold nothing bad, and that is to be seen fast. Pure.

Guards are the outermost thresholds of all rules for a server, by metric. They may see something
where there is nothing, which is then looked at closely; never the other way round. Servers whose
guards are the same share them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

from chatops.protocol.metric_names import METRICS, Listed, Pick
from chatops.protocol.metrics import Sample
from chatops.server.services.alerting.readings import BY_HUB, Sides, Watch

Bounds = tuple[float, float]
"""No rule holds unless a value is above the first, or below the second."""
NEVER: Bounds = (float("inf"), float("-inf"))


class Outermost(NamedTuple):
    """The thresholds on one metric. ``summed`` are those on the total, where that is a sum; any
    other total is one of the values that ``single`` are about."""

    metric: str
    single: Bounds
    summed: Bounds


def outermost(watches: Iterable[Watch]) -> tuple[Outermost, ...]:
    """The thresholds of some watches, in order of metric."""
    by_metric: dict[str, list[Watch]] = defaultdict(list)
    for watch in watches:
        by_metric[watch.metric.name].append(watch)
    return tuple(_outermost(name, by_metric[name]) for name in sorted(by_metric))


def _outermost(name: str, watches: Sequence[Watch]) -> Outermost:
    totals = [one.total for one in watches if one.total is not None]
    singles = [side for one in watches for side in one.of_instances]
    if METRICS[name].total is sum:
        return Outermost(name, _bounds(singles), _bounds(totals))
    return Outermost(name, _bounds([*totals, *singles]), NEVER)


def _bounds(sides: Sequence[Sides]) -> Bounds:
    if not sides:
        return NEVER
    return min(one.least for one in sides), max(one.highest for one in sides)


class Guards:
    """A first look at a sample by some thresholds."""

    __slots__ = ("__weakref__", "_lists", "_plain", "_skew")

    def __init__(self, all_of_them: Iterable[Outermost]) -> None:
        self._plain: list[tuple[str, Pick, float, float]] = []
        self._skew = NEVER
        lists: dict[Listed, list[tuple[str, Pick, float, float, Bounds]]] = defaultdict(list)
        for name, (least, highest), summed in all_of_them:
            metric = METRICS[name]
            if metric.listed is not None:
                lists[metric.listed].append((name, metric.pick, least, highest, summed))
            elif name == BY_HUB:
                self._skew = (least, highest)
            else:
                self._plain.append((name, metric.pick, least, highest))
        self._lists: list[tuple[Callable[[Any], list[Any]], Listed, Any]] = [
            (attrgetter(listed.field), listed, tuple(own)) for listed, own in lists.items()
        ]

    def see(self, sample: Sample, skew: float | None) -> list[str]:
        """The metrics of which a rule may hold."""
        found = [
            name
            for name, pick, least, highest in self._plain
            if (value := pick(sample)) is not None and (value > least or value < highest)
        ]
        if skew is not None and (skew > self._skew[0] or skew < self._skew[1]):
            found.append(BY_HUB)
        for entries_of, listed, guards in self._lists:
            entries = entries_of(sample)
            for name, pick, least, highest, summed in guards:
                for entry in entries:
                    value = pick(entry)
                    if value is not None and (value > least or value < highest):
                        found.append(name)
                        break
                else:
                    if summed is not NEVER and _sum_is_past(entries, listed, pick, summed):
                        found.append(name)
        return found


def _sum_is_past(entries: list[Any], listed: Listed, pick: Pick, bounds: Bounds) -> bool:
    left_out, label, total = listed.left_out, listed.instance, 0.0
    for entry in entries:
        value = pick(entry)
        if value is not None and (left_out is None or getattr(entry, label) != left_out):
            total += value
    return total > bounds[0] or total < bounds[1]
