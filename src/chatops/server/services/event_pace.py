"""Events of agents, thinned out where one comes and goes without end.

Whoever holds one key could fill the disk with its connections. Past a burst a server gets one event
in a while. The last one of those that are left out is kept back, and recorded when there is room
for it again: so the newest event always says how it stands, and how many are missing before it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from chatops.protocol.limits import EVENT_BURST, EVENT_EVERY
from chatops.server.services.limiter import RateLimiter
from chatops.text import counted

Kind = Literal["connected", "disconnected", "refused", "replaced"]


class Moment(NamedTuple):
    """An event that is to be recorded, of no server where none is known."""

    event: Kind
    server_id: str | None
    ts: float
    address: str | None = None
    reason: str | None = None
    server: str | None = None
    """The server's name."""

    @property
    def sentence(self) -> str:
        """What happened, as the server's own log has it."""
        where = f" from {self.address}" if self.event == "connected" else ""
        return f"agent {self.event}{where}" + (f": {self.reason}" if self.reason else "")

    def after(self, left_out: int) -> Moment:
        """The same, and that so many before it are not recorded."""
        if not left_out:
            return self
        missing = f"{counted(left_out, 'event')} before this one left out"
        return self._replace(reason=f"{self.reason}; {missing}" if self.reason else missing)


class EventPace:
    """Decides which events of a server are recorded. Times are a monotonic clock's seconds."""

    def __init__(self) -> None:
        self._limiter = RateLimiter(rate=1 / EVENT_EVERY, burst=EVENT_BURST)
        self._held: dict[str, tuple[Moment, int]] = {}

    def admit(self, moment: Moment, now: float) -> Moment | None:
        """The event as it is to be recorded; None if it is kept back, instead of one before it."""
        key = moment.server_id or ""
        _, before = self._held.pop(key, (moment, 0))
        if self._limiter.take(key, now):
            self._held[key] = (moment, before + 1)
            return None
        return moment.after(before)

    def due(self, now: float) -> list[Moment]:
        """Those that were kept back and have room now, as they are to be recorded."""
        return [self._take(key) for key in list(self._held) if not self._limiter.take(key, now)]

    def rest(self) -> list[Moment]:
        """All that are kept back, for the end."""
        return [self._take(key) for key in list(self._held)]

    def _take(self, key: str) -> Moment:
        moment, count = self._held.pop(key)
        return moment.after(count - 1)

    def __len__(self) -> int:
        """How many servers have one kept back."""
        return len(self._held)
