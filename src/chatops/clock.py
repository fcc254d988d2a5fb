"""Time as an object that can be passed in, so that tests need no sleep.

Wall time is Unix seconds (UTC) as float; monotonic time is for deadlines only; boot time says
how long ago something was, the host's sleep included, whatever becomes of the wall time.
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """What the rest of ChatOps asks for the time."""

    def now(self) -> float:
        """Wall time: Unix seconds, UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...

    def boottime(self) -> float:
        """Seconds since the host's start, its sleep included; nobody sets this clock."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def boottime(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)


class FakeClock:
    """Clocks that move only when told to, and together unless told otherwise."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self._now = now
        self._monotonic = 1_000.0
        self._asleep = 50.0

    def now(self) -> float:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def boottime(self) -> float:
        return self._monotonic + self._asleep

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds
        self._monotonic += seconds

    def sleep(self, seconds: float) -> None:
        """Let the host be suspended for so long."""
        self._now += seconds
        self._asleep += seconds

    def set(self, now: float) -> None:
        """Set the wall time, as a user or NTP does."""
        self._now = now
