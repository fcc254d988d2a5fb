"""Servers that dropped together: one trouble, not many. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from typing import Final, NamedTuple

WINDOW: Final = 60.0
"""Seconds within which servers drop together."""


class Limits(NamedTuple):
    """From how many servers on, and from what share of the fleet on (per cent), it is a storm."""

    servers: int
    percent: float


def together(gone: Mapping[str, float], server: str, fleet: int, limits: Limits) -> set[str]:
    """The servers that dropped within WINDOW with ``server``, which is one of ``gone`` (when each
    server dropped); none where they are too few to be a storm."""
    times = sorted(gone.values())
    at = gone[server]
    starts = [time for time in times if at - WINDOW <= time <= at]
    best = max(starts, key=lambda start: bisect_right(times, start + WINDOW) - times.index(start))
    found = {one for one, time in gone.items() if best <= time <= best + WINDOW}
    enough = len(found) >= limits.servers and 100 * len(found) > limits.percent * fleet
    return found if enough else set()
