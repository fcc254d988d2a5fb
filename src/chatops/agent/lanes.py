"""How often each collector is run: some rarely by nature, those that turn out slow more rarely than
they should. Pure: it is told the time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from chatops.units import format_duration

SHARE: Final = 0.05
"""Of the time that a collector may take: one that takes a second is run every 20 s at most."""
LONGEST: Final = 600.0
"""Seconds after which it is run again however slow it is."""
_EARLY: Final = 0.5
"""Seconds that a round may come too early: rounds do not come at the very moment."""


class Lanes:
    """When collectors are due, in monotonic seconds. ``every`` are those rare by nature."""

    def __init__(self, every: Mapping[str, float]) -> None:
        self._every = dict(every)
        self._due: dict[str, float] = {}
        self._slow: dict[str, float] = {}

    def due(self, name: str, now: float) -> bool:
        """Whether a collector is to be run now."""
        return now >= self._due.get(name, now) - _EARLY

    def took(self, name: str, seconds: float, now: float) -> None:
        """A collector was run, and took so long."""
        pause = min(seconds / SHARE, LONGEST)
        own = self._every.get(name, 0.0)
        self._due[name] = now + max(pause, own)
        if pause > max(own, _EARLY):
            self._slow[name] = seconds
        else:
            self._slow.pop(name, None)

    def why_not(self, name: str) -> str | None:
        """Why a slow collector gave nothing; None of one that is rare by nature."""
        seconds = self._slow.get(name)
        if seconds is None:
            return None
        pause = format_duration(round(min(seconds / SHARE, LONGEST)))
        return f"takes {seconds:.2g} s, so it is measured every {pause}"
