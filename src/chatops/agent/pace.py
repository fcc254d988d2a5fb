"""When samples are due. Pure: the time, in monotonic seconds, is passed in."""

from __future__ import annotations

from typing import Final

FIRST_REST: Final = 1.0
"""Seconds to the second sample at most: only from then on there are rates."""


class Pace:
    """Moments at an interval, which do not drift with the time that a sample takes. Those that
    were missed are not made up for. Monotonic time stands still while the host is suspended, so
    that is no moment missed."""

    def __init__(self, now: float) -> None:
        self._due = now
        self._first = True

    def rest(self, now: float, interval: float) -> float:
        """Seconds from now to the next sample, after one was taken."""
        self._due += min(interval, FIRST_REST) if self._first else interval
        self._first = False
        self._due = max(self._due, now)
        return self._due - now
