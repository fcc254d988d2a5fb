"""The most lines of a source: what is more is counted, and said. Pure."""

from __future__ import annotations

from typing import Final

from chatops.text import counted

BURST: Final = 10.0
"""Seconds of its rate that a source that was quiet may send at once."""


class Rate:
    """A bucket that holds BURST seconds of lines; None: no bound."""

    def __init__(self, per_second: float | None) -> None:
        self._per_second = per_second
        self._room = (per_second or 0.0) * BURST
        self._at: float | None = None
        self._left_out = 0

    def takes(self, now: float) -> bool:
        """Whether one more line may go at ``now``; if not it is counted."""
        if self._per_second is None:
            return True
        passed = 0.0 if self._at is None else max(now - self._at, 0.0)
        self._at = now
        self._room = min(self._room + passed * self._per_second, self._per_second * BURST)
        if self._room < 1.0:
            self._left_out += 1
            return False
        self._room -= 1.0
        return True

    def said(self) -> str:
        """What to say of the lines that were left out since this was asked last."""
        count, self._left_out = self._left_out, 0
        return f"{counted(count, 'line')} left out: more than {self._per_second:g} a second"
