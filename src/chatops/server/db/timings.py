"""How long something took, as a histogram of plain numbers: cheap enough for every commit."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds; each counts what took no longer. 20 ms is what a batch may hold a writer for."""


class Timings:
    """Counts by ``BOUNDS``. Noted in one thread; whoever reads may do so in any."""

    __slots__ = ("_counts", "total")

    def __init__(self) -> None:
        self._counts = [0] * (len(BOUNDS) + 1)
        self.total = 0.0
        """Seconds, of all together."""

    def note(self, seconds: float) -> None:
        """It took so long once more."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self.total += seconds

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Each bound, and how many took no longer; the last bound is infinite."""
        return zip((*BOUNDS, float("inf")), accumulate(self._counts), strict=True)

    def __len__(self) -> int:
        return sum(self._counts)
