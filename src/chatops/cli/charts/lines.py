"""What a chart's lines are made of: rows of a history, by server and metric. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from statistics import median
from typing import Final, NamedTuple

from chatops.cli.figures import in_columns, unit_of
from chatops.protocol.rest import ServerHistoryRow
from chatops.units import parse_time

STEPS: Final = (
    10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
    172_800, 604_800, 1_209_600, 2_592_000,
)  # fmt: skip
"""Steps that are chosen, in seconds: each is a multiple of the level of the hub that has it."""
MOST: Final = 12
"""Lines in one chart; of more nobody could tell one from the other."""
_SURE: Final = 1.5
_UNSURE: Final = 2.5
"""How many steps without a row are a gap: where steps hold many samples, none may be empty;
where they hold one or none, the next may come late."""


class Point(NamedTuple):
    """``ts`` in Unix seconds; mean, least and most of the step that begins there."""

    ts: float
    value: float
    least: float
    most: float


@dataclass
class Line:
    """One metric of one server over time."""

    server: str
    metric: str
    points: list[Point] = field(default_factory=list)

    @property
    def unit(self) -> str:
        return unit_of(self.metric)

    @property
    def peak(self) -> float:
        return max(point.most for point in self.points)

    @property
    def mean(self) -> float:
        return sum(point.value for point in self.points) / len(self.points)

    def spread(self, since: float, until: float, width: int) -> list[float | None]:
        """The means of ``width`` equal parts of a span."""
        return in_columns(((one.ts, one.value) for one in self.points), since, until, width)

    def joined(self, step: float | None) -> list[bool]:
        """Whether each point follows the one before it without a gap."""
        apart = [later.ts - earlier.ts for earlier, later in pairwise(self.points)]
        if not apart:
            return [False] * len(self.points)
        many = sum(point.least < point.most for point in self.points) * 2 > len(self.points)
        longest = max(step or 0.0, median(apart)) * (_SURE if many else _UNSURE)
        return [False, *(one <= longest for one in apart)]


def step_for(span: float, places: int) -> float | None:
    """The step in seconds that gives about a row for each place of a chart; None for every
    sample, where a shorter one would be needed."""
    wanted = span / max(places, 1)
    if wanted < STEPS[0]:
        return None
    return float(next((step for step in STEPS if step >= wanted), STEPS[-1]))


def lines_of(rows: Iterable[ServerHistoryRow]) -> list[Line]:
    """The lines of a history, in the order of servers and then of first appearance."""
    found: dict[tuple[str, str], Line] = {}
    for row in rows:
        key = (row.server, row.metric)
        if key not in found:
            found[key] = Line(*key)
        found[key].points.append(Point(parse_time(row.ts), row.value, row.min, row.max))
    return sorted(found.values(), key=lambda line: line.server)


def coarser(
    lines: Sequence[Line], step: float | None, since: float, until: float, most: int
) -> tuple[list[Line], float | None]:
    """Lines of at most about ``most`` points each, and their step: of more a point is the mean of
    some. No chart has room for them, and drawing a hundred thousand takes half a minute."""
    if all(len(line.points) <= most for line in lines):
        return list(lines), step
    size = float(math.ceil((until - since) / most))
    merged = [Line(one.server, one.metric, list(_merged(one.points, size))) for one in lines]
    return merged, max(size, step or 0.0)


def _merged(points: Iterable[Point], size: float) -> Iterator[Point]:
    for number, group in groupby(points, key=lambda point: point.ts // size):
        some = list(group)
        mean = sum(point.value for point in some) / len(some)
        least, top = min(point.least for point in some), max(point.most for point in some)
        yield Point(number * size, mean, least, top)


def by_unit(lines: Sequence[Line], names: Sequence[str]) -> list[list[Line]]:
    """The lines of each chart: those of one unit, in the order in which the METRICs were named."""
    units = list(dict.fromkeys(unit_of(name) for name in names))
    charts = [[line for line in lines if line.unit == unit] for unit in units]
    return [
        sorted(chart, key=lambda line: (line.server, names.index(line.metric)))
        for chart in charts
        if chart
    ]


def highest(lines: Sequence[Line]) -> list[Line]:
    """As many lines as a chart shows: those that rise the highest, in their order."""
    if len(lines) <= MOST:
        return list(lines)
    chosen = {id(line) for line in sorted(lines, key=lambda line: -line.peak)[:MOST]}
    return [line for line in lines if id(line) in chosen]


def names_of(lines: Sequence[Line]) -> Iterator[str]:
    """What to call each line beside the others: by what they do not have in common."""
    servers = {line.server for line in lines}
    metrics = {line.metric for line in lines}
    for line in lines:
        parts = [line.server] if len(servers) > 1 else []
        parts += [line.metric] if len(metrics) > 1 or not parts else []
        yield " ".join(parts)


def title_of(lines: Sequence[Line]) -> str:
    """What a chart shows: its metrics, and the server if there is only one."""
    servers = {line.server for line in lines}
    metrics = ", ".join(dict.fromkeys(line.metric for line in lines))
    return f"{next(iter(servers))} {metrics}" if len(servers) == 1 else metrics
