"""How long frames were on their way, told by two clocks that nobody sets. Pure.

The difference of the receiver's clock and the sender's is the same for all frames but for the time
on the way, so the least that was seen is that of the fastest one. NTP's clock filter does the same.
"""

from __future__ import annotations

import math
from typing import Final

DRIFT: Final = 0.0005
"""Seconds a second by which two clocks may run apart: five times what quartz does."""


class Transit:
    """The frames of one connection."""

    __slots__ = ("_at", "_least")

    def __init__(self) -> None:
        self._least = math.inf
        self._at = 0.0

    def delay(self, sent: float | None, now: float) -> float:
        """Seconds that a frame took longer than the fastest one, which was ``sent`` by its sender's
        clock and came ``now`` by the receiver's; 0 where the sender does not say."""
        if sent is None or not math.isfinite(sent):
            return 0.0
        apart = now - sent
        self._least = min(apart, self._least + DRIFT * (now - self._at))
        self._at = now
        return apart - self._least
