"""The history of ``offline``: nobody measures it, it follows from when agents came and went. Pure.

While an agent is connected it is 0, afterwards the seconds since it left. Before a server's first
connection nothing is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from chatops.server.services.metrics.history import History, Point

OFFLINE: Final = "offline"
STEP: Final = 60.0
"""Seconds that a row stands for where samples were asked for."""

_DIGITS: Final = 3
"""Agents come and go at milliseconds."""


class Turn(NamedTuple):
    """From ``ts`` on the agent was connected, or not."""

    ts: float
    online: bool


def offline_points(
    turns: Sequence[Turn], since: float, until: float, step: float | None, limit: int
) -> tuple[list[Point], float | None]:
    """The first ``limit`` rows of a span, and where the others begin. ``turns`` are in order of
    time, and the first may lie before the span."""
    size, points, place = step or STEP, list[Point](), 0
    known = turns[0].ts if turns else since
    start = max(since, known) // size * size  # years without a server are not walked through
    while turns and start < until:
        first, last = max(start, since, known), min(start + size, until)
        if first < last:
            if len(points) == limit:
                return points, start
            while place + 1 < len(turns) and turns[place + 1].ts <= first:
                place += 1
            points.append(_row(start, turns, place, first, last))
        start += size
    return points, None


def _row(start: float, turns: Sequence[Turn], place: int, first: float, last: float) -> Point:
    """Mean, least and most between two times; it rises by a second a second while offline."""
    area, values, span = 0.0, list[float](), last - first
    while first < last:
        after = turns[place + 1].ts if place + 1 < len(turns) else last
        end = min(after, last)
        since, online = turns[place]
        low, high = (0.0, 0.0) if online else (first - since, end - since)
        area += (low + high) / 2 * (end - first)
        values += (low, high)
        first, place = end, place + 1
    mean, least, most = (round(one, _DIGITS) for one in (area / span, min(values), max(values)))
    return Point(start, OFFLINE, mean, least, most)


def merged(found: History, points: list[Point], following: float | None, limit: int) -> History:
    """A history with these rows too, cut where either of them ends; rows of one time stay
    together."""
    cut = min((one for one in (found.next, following) if one is not None), default=None)
    rows = sorted([*found.points, *points], key=lambda point: point.ts)
    times = sorted({point.ts for point in rows})
    if len(rows) > limit and (later := [ts for ts in times if ts > rows[0].ts]):
        full = max(rows[limit].ts, later[0])
        cut = full if cut is None else min(cut, full)
    return History([one for one in rows if cut is None or one.ts < cut], cut, found.gaps)
