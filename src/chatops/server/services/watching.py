"""Watching commands: what comes from one or many of them, in one order, for one reader.

A watcher that joins late first reads what was kept when it came, from the offset it asks for,
while what comes meanwhile waits, and slows the command, as for every watcher. Nothing comes
twice, and what is not kept any more is a jump in the offsets. What waits for a reader is bounded
by the streams' credit.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from chatops.errors import ChatOpsError
from chatops.protocol.limits import KiB
from chatops.protocol.rest import CommandResult

if TYPE_CHECKING:
    from chatops.server.services.live_command import IncomingStream, LiveCommand

OutputName = Literal["stdout", "stderr"]
NAMES: Final[tuple[OutputName, ...]] = ("stdout", "stderr")


class Started(NamedTuple):
    """A command was sent, or is over without."""

    command_id: str
    server: str
    run_id: str


class Bytes(NamedTuple):
    """Some output."""

    command_id: str
    stream: OutputName
    offset: int
    data: bytes


class Ended(NamedTuple):
    """A command is over; its streams were so long."""

    result: CommandResult
    stdout_bytes: int
    stderr_bytes: int


Item = Started | Bytes | Ended


class _Kept(NamedTuple):
    """The part of a stream that a reader still has to get from what is kept."""

    offset: int
    end: int


_JOINED: Final = 16 * KiB
_CROWDED: Final = 256
"""Things that wait for a reader, from which on the order between two streams is given up to keep
their number small."""


@dataclass(slots=True)
class Delivery:
    """Some bytes on their way to ``left`` of ``count`` watchers."""

    stream: IncomingStream
    offset: int
    data: bytes | bytearray
    count: int
    left: int

    def join(self, offset: int, data: bytes, watchers: Sequence[Watcher]) -> bool:
        """Take what follows these bytes with them, while all of these watchers still wait for
        them: a target may say a megabyte in single bytes. Whether that was done."""
        fits = self.offset + len(self.data) == offset and len(self.data) + len(data) <= _JOINED
        if not fits or not self.left == self.count == len(watchers):
            return False
        if not all(one.is_last(self) for one in watchers):
            return False
        if isinstance(self.data, bytes):
            self.data = bytearray(self.data)
        self.data += data
        return True

    def taken(self) -> None:
        """One watcher took them, or went away."""
        self.left -= 1
        if self.left == 0:
            self.stream.pay(len(self.data))


class Watcher:
    """One reader of the output of any number of commands."""

    def __init__(self) -> None:
        self._open: set[LiveCommand] = set()
        self._told: set[LiveCommand] = set()
        self._behind: dict[IncomingStream, _Kept] = {}
        """Streams of which the reader first gets what was kept when it came."""
        self._wanted: dict[IncomingStream, int] = {}
        """Offsets that a reader has gone past before what it is given here."""
        self._queue: deque[Delivery | Started | LiveCommand] = deque()
        self._wake = asyncio.Event()
        self._cut: ChatOpsError | None = None

    def follow(self, live: LiveCommand, offsets: tuple[int, int] = (0, 0)) -> None:
        """Watch a command too, from those offsets of its streams on."""
        self._open.add(live)
        for name, offset in zip(NAMES, offsets, strict=True):
            stream = live.streams[name]
            self._wanted[stream] = offset
            if offset < stream.kept.end:
                self._behind[stream] = _Kept(offset, stream.kept.end)
        live.add(self)
        if live.sent:
            self.started(live)
        if live.result is not None:
            self.over(live)

    async def next(self) -> Item | None:
        """What happened next; None when all commands are over and all was taken.

        Raises:
            ChatOpsError: the reader may not go on (see ``cut``).
        """
        while True:
            if self._cut is not None:
                raise self._cut
            item = self._next_started() or self._next_kept() or self._next_queued()
            if item is not None:
                return item
            if not self._open:
                return None
            self._wake.clear()
            await self._wake.wait()

    def cut(self, error: ChatOpsError) -> None:
        """Give the reader nothing more but this error."""
        self._cut = error
        self._wake.set()

    def close(self) -> None:
        """Stop watching; what waited is paid back."""
        for item in self._queue:
            if isinstance(item, Delivery):
                item.taken()
        self._queue.clear()
        for live in list(self._open):
            self._leave(live)

    # -- called by the commands ---------------------------------------------------------

    def started(self, live: LiveCommand) -> None:
        """A command was sent."""
        if live not in self._told:
            self._told.add(live)
            self._put(Started(live.id, live.server_name, live.run_id))

    def put(self, delivery: Delivery) -> None:
        """Bytes for this watcher came."""
        self._put(delivery)

    def is_last(self, delivery: Delivery) -> bool:
        """Whether nothing came after this that its order matters to."""
        return self._queue[-1] is delivery or len(self._queue) > _CROWDED

    def over(self, live: LiveCommand) -> None:
        """A command is over."""
        self.started(live)
        self._put(live)

    # -- inside -------------------------------------------------------------------------

    def _put(self, item: Delivery | Started | LiveCommand) -> None:
        self._queue.append(item)
        self._wake.set()

    def _next_started(self) -> Item | None:
        first = self._queue[0] if self._queue else None
        return self._queue.popleft() if isinstance(first, Started) else None  # type: ignore[return-value]  # it is the same one

    def _next_kept(self) -> Item | None:
        """What was kept comes before what is queued, which came later."""
        for stream, kept in list(self._behind.items()):
            piece = stream.kept.read(kept.offset)
            if piece is None or piece.offset >= kept.end:
                del self._behind[stream]
                continue
            data = piece.data[: kept.end - piece.offset]
            self._behind[stream] = kept._replace(offset=piece.offset + len(data))
            return Bytes(stream.command_id, stream.name, piece.offset, data)
        return None

    def _next_queued(self) -> Item | None:
        while self._queue:
            item = self._queue.popleft()
            if isinstance(item, Started):
                return item
            if not isinstance(item, Delivery):
                return self._end(item)
            item.taken()
            if fresh := self._fresh(item.stream, item.offset, item.data):
                return fresh
        return None

    def _fresh(self, stream: IncomingStream, offset: int, data: bytes | bytearray) -> Bytes | None:
        """What of some bytes the reader has not had. After a restart of the hub the agent tells
        a stream from its beginning."""
        had = max(self._wanted.get(stream, 0) - offset, 0)
        if had >= len(data):
            return None
        return Bytes(stream.command_id, stream.name, offset + had, bytes(data[had:]))

    def _end(self, live: LiveCommand) -> Ended:
        assert live.result is not None
        self._leave(live)
        return Ended(live.result, live.length("stdout"), live.length("stderr"))

    def _leave(self, live: LiveCommand) -> None:
        self._open.discard(live)
        for stream in live.streams.values():
            self._behind.pop(stream, None)
            self._wanted.pop(stream, None)
        live.forget(self)
