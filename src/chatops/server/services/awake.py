"""The time for which the hub was awake, by which silence is judged.

A hub whose process was stopped, whose machine was paused or whose disk held everything up hears
nobody meanwhile, and its agents take it for dead. What they did then nobody knows: it must neither
make commands lost nor wake people, so that time does not count.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from chatops.clock import Clock

STALL: Final = 10.0
"""Seconds from one look at this clock to the next, of which there is one every second, from which
on the hub was not awake. Less, beside the silence before it, makes nobody count as dead."""


class Awake:
    """Seconds of ``clock``, without those for which ``ticking`` says that nothing went on here."""

    def __init__(self, clock: Clock, ticking: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ticking = ticking
        self._looked = ticking()
        self.asleep = 0.0
        """Seconds that were left out."""

    def now(self) -> float:
        """Seconds; only differences mean anything."""
        ticks = self._ticking()
        if ticks - self._looked >= STALL:
            self.asleep += ticks - self._looked
        self._looked = ticks
        return self._clock.monotonic() - self.asleep
