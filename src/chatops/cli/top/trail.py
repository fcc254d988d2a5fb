"""What a value was in the last minutes, in even steps, whatever order it comes in. Pure."""

from __future__ import annotations

from typing import Final

STEP: Final = 30.0
"""Seconds of hub time that one character of a sparkline stands for."""
KEPT: Final = 60
"""Steps that are kept: half an hour."""


class Trail:
    """Means of steps. The newest KEPT of them are known; older values are passed over."""

    __slots__ = ("_at", "_counts", "_newest", "_sums")

    def __init__(self) -> None:
        self._at = [-1] * KEPT
        self._sums = [0.0] * KEPT
        self._counts = [0] * KEPT
        self._newest = -1

    def add(self, ts: float, value: float) -> None:
        """A value at a time."""
        if self._claim(number := int(ts // STEP)):
            place = number % KEPT
            self._sums[place] += value
            self._counts[place] += 1
            self._newest = max(self._newest, number)

    def fill(self, ts: float, value: float) -> None:
        """The mean of a step from a history; what is known already stands."""
        number = int(ts // STEP)
        if self._at[number % KEPT] != number:
            self.add(ts, value)

    def last(self, now: float, width: int) -> list[float | None]:
        """The newest ``width`` steps before ``now``, oldest first; None where nothing was
        measured. The step that has just begun counts once it has a value."""
        end = int(now // STEP)
        if self._newest == end - 1:
            end -= 1
        return [self._mean(number) for number in range(end - width + 1, end + 1)]

    def points(self) -> list[tuple[float, float]]:
        """All steps that are known, oldest first: when each began, and its mean."""
        known = sorted(number for number in self._at if number >= 0)
        means = ((number * STEP, self._mean(number)) for number in known)
        return [(ts, mean) for ts, mean in means if mean is not None]

    def copy(self) -> Trail:
        """The same, for itself."""
        made = Trail()
        made._at, made._sums = self._at.copy(), self._sums.copy()
        made._counts, made._newest = self._counts.copy(), self._newest
        return made

    def _claim(self, number: int) -> bool:
        place = number % KEPT
        if number < 0 or self._at[place] > number or number <= self._newest - KEPT:
            return False
        if self._at[place] < number:
            self._at[place], self._sums[place], self._counts[place] = number, 0.0, 0
        return True

    def _mean(self, number: int) -> float | None:
        place = number % KEPT
        if number < 0 or self._at[place] != number:
            return None
        return self._sums[place] / self._counts[place]
