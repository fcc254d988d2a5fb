"""How long to wait before the next attempt to connect."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

FIRST: Final = 0.5
CAP: Final = 15.0
LONG_CAP: Final = 60.0
LONG_AFTER: Final = 600.0
STABLE_AFTER: Final = 30.0
"""A session that lasted this long counts as a success; a shorter one as one more failure."""


class Backoff:
    """Doubling delays with full jitter (Brooker, "Exponential Backoff And Jitter", 2015).

    The ceiling starts at 0.5 s and doubles up to 15 s, up to 60 s once connecting has failed
    for ten minutes. Each delay is drawn evenly from the upper nine tenths of [0, ceiling]: never
    nothing, so that a hub which accepts and drops at once meets no hot loop.
    """

    def __init__(self, draw: Callable[[], float] = random.random) -> None:
        self._draw = draw
        self._failures = 0
        self._failing_since: float | None = None

    def failed(self, now: float) -> float:
        """An attempt, or a session too short to count, ended; seconds until the next."""
        if self._failing_since is None:
            self._failing_since = now
        cap = LONG_CAP if now - self._failing_since >= LONG_AFTER else CAP
        ceiling = min(FIRST * float(1 << min(self._failures, 10)), cap)
        self._failures += 1
        return ceiling * (0.1 + 0.9 * self._draw())

    def ended(self, started: float, now: float) -> float:
        """A session that began at ``started`` ended; seconds until the next attempt."""
        if now - started >= STABLE_AFTER:
            self.reset()
        return self.failed(now)

    def reset(self) -> None:
        """Forget the failures."""
        self._failures = 0
        self._failing_since = None
