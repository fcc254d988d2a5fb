"""What delivery has done since the hub's start, for ``/metrics`` and the status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(slots=True)
class Counts:
    """Attempts since the start, those of them that failed, and messages that were given up."""

    attempts: int = 0
    failures: int = 0
    given_up: int = 0

    def count(self, *, ok: bool, given_up: bool) -> None:
        """One more attempt."""
        self.attempts += 1
        self.failures += not ok
        self.given_up += given_up


class Figures(NamedTuple):
    """The counts, and the outbox as it is now: messages that are not delivered, and how many
    seconds ago the oldest of them was recorded (0 where none is)."""

    attempts: int
    failures: int
    given_up: int
    waiting: int
    oldest_s: float
