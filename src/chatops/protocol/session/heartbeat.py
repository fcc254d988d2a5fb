"""Liveness: after a silence a ping, after a longer one the link is dead.

Any frame counts as a sign of life. Both ends run this rule, so a link that is dead in one
direction only is found too. With 10 s and 25 s a half-open link is noticed within 30 s.
"""

from __future__ import annotations

from enum import Enum

from chatops.protocol.limits import DEAD_AFTER, PING_AFTER


class Pulse(Enum):
    """What is to be done now."""

    WAIT = "wait"
    PING = "ping"
    DEAD = "dead"


class Heartbeat:
    """The deadlines of one connection, in monotonic seconds."""

    __slots__ = ("_dead_after", "_heard", "_ping_after", "_pinged")

    def __init__(
        self, now: float, ping_after: float = PING_AFTER, dead_after: float = DEAD_AFTER
    ) -> None:
        self._ping_after = ping_after
        self._dead_after = dead_after
        self._heard = now
        self._pinged = False

    def heard(self, now: float) -> None:
        """A frame came, of whatever kind."""
        self._heard = now
        self._pinged = False

    def check(self, now: float) -> Pulse:
        """What is due at ``now``. PING is told once for each silence."""
        if now >= self._heard + self._dead_after:
            return Pulse.DEAD
        if now >= self._heard + self._ping_after and not self._pinged:
            self._pinged = True
            return Pulse.PING
        return Pulse.WAIT

    def next_check(self, now: float) -> float:
        """Seconds until ``check`` can say something new; never negative."""
        after = self._dead_after
        if not self._pinged:
            after = min(after, self._ping_after)
        return max(self._heard + after - now, 0.0)

    def silence(self, now: float) -> float:
        """Seconds since a frame came."""
        return now - self._heard
