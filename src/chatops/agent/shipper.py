"""Log lines on their way to the hub: whose turn it is, what is under way, what was acked.

A source keeps its lines, or knows where they are, until they are acked; here is only what belongs
to the session (decision 15).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple, Protocol

from chatops.clock import Clock, SystemClock
from chatops.protocol import codec
from chatops.protocol.limits import MAX_LOG_LINES, MAX_LOG_MESSAGE, MAX_UNACKED_LOGS
from chatops.protocol.messages import Log
from chatops.protocol.parts import LogLine

RESEND_SECONDS: Final = 30.0
"""After so long without an ack of a source's lines those under way are sent again."""
_OVERHEAD: Final = 60
"""Bytes that a line takes on the wire beside its text, about."""


class SourceLine(NamedTuple):
    """A line, and the source that the hub shows with it."""

    source: str
    line: LogLine


class LogSource(Protocol):
    """Lines with places that rise within an epoch."""

    @property
    def epoch(self) -> str:
        """A random id, made with what the source remembers. It changes only when all lines of the
        one before are acked."""
        ...

    def after(self, seq: int) -> Iterable[SourceLine]:
        """The lines that are there, are not acked, and lie behind a place, in order."""
        ...

    def acked(self, seq: int) -> None:
        """The hub has the lines up to this place."""
        ...


class _Sent(NamedTuple):
    last: int
    size: int


class _Stream:
    """One source in this session."""

    def __init__(self, source: LogSource) -> None:
        self.source = source
        self.under_way: deque[_Sent] = deque()
        self._epoch = source.epoch
        self._sent = 0
        self._heard = 0.0
        """When the hub acked lines of it, or would have had nothing to ack."""

    def restart(self) -> None:
        self._sent = 0
        self.under_way.clear()

    def take_back(self, now: float) -> None:
        """Count nothing as under way any more if the hub has been silent about it for too long."""
        if self.under_way and now - self._heard >= RESEND_SECONDS:
            self.restart()

    def acked(self, epoch: str, seq: int, now: float) -> None:
        if epoch != self.source.epoch:
            return
        self._heard = now
        while self.under_way and self.under_way[0].last <= seq:
            self.under_way.popleft()
        self._sent = max(self._sent, seq)
        self.source.acked(seq)

    def unsent(self) -> Iterable[SourceLine]:
        """What could be sent."""
        if self._epoch != self.source.epoch:
            self._epoch = self.source.epoch
            self.restart()
        return self.source.after(self._sent)

    def next_message(self, now: float) -> Log | None:
        """The next lines of one source; None when there are none."""
        lines: list[LogLine] = []
        size, source = 0, ""
        for one in self.unsent():
            size += len(one.line.message) + _OVERHEAD
            full = size > MAX_LOG_MESSAGE or len(lines) == MAX_LOG_LINES
            if lines and (full or one.source != source):
                size -= len(one.line.message) + _OVERHEAD
                break
            source = one.source
            lines.append(one.line)
        if not lines:
            return None
        if not self.under_way:
            self._heard = now
        after = self.under_way[-1].last if self.under_way else 0
        self._sent = lines[-1].seq
        self.under_way.append(_Sent(self._sent, size))
        return Log(source=source, entries=lines, epoch=self.source.epoch, after=after)


class Shipper:
    """Makes the messages of a session, source by source in turn."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._turns: deque[_Stream] = deque()
        self._wake: Callable[[], None] | None = None

    def add(self, source: LogSource) -> None:
        """One more source of lines."""
        self._turns.append(_Stream(source))

    def remove(self, source: LogSource) -> None:
        """A source that has no lines any more, and will have none."""
        for stream in [one for one in self._turns if one.source is source]:
            self._turns.remove(stream)

    def connected(self, wake: Callable[[], None]) -> None:
        """A session begins: nothing counts as under way. ``wake`` tells it of new lines."""
        self._wake = wake
        for stream in self._turns:
            stream.restart()

    def disconnected(self) -> None:
        """It is gone."""
        self._wake = None

    def wake(self) -> None:
        """A source has new lines."""
        if self._wake is not None:
            self._wake()

    @property
    def waiting(self) -> bool:
        """Whether there are lines that could be sent, if there was room."""
        return any(next(iter(one.unsent()), None) for one in self._turns)

    @property
    def busy(self) -> bool:
        """Whether there are lines that were not sent, or not acked."""
        return self.waiting or self._under_way > 0

    def next_frame(self) -> str | None:
        """The next message; None when there is none, or too much is under way."""
        now = self._clock.monotonic()
        for stream in self._turns:
            stream.take_back(now)
        if self._under_way >= MAX_UNACKED_LOGS:
            return None
        for _ in range(len(self._turns)):
            stream = self._turns[0]
            self._turns.rotate(-1)
            message = stream.next_message(now)
            if message is not None:
                return codec.encode(message)
        return None

    def ack(self, epoch: str, seq: int) -> None:
        """The hub has committed lines; what is unknown or was acked is no error."""
        now = self._clock.monotonic()
        for stream in self._turns:
            stream.acked(epoch, seq, now)

    @property
    def _under_way(self) -> int:
        return sum(one.size for stream in self._turns for one in stream.under_way)
