"""A command that is not over yet: its output on the way to whoever watches, and its credit.

The hub always takes the output (it keeps head and tail). While somebody watches, bytes are
paid back as credit to the agent only when every watcher took them: a slow watcher slows the
command, and nothing else. Without watchers they are paid back at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Final, Literal

from chatops.errors import ProtocolError
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamCredit, StreamOpen
from chatops.protocol.rest import CommandResult, CommandStatus
from chatops.server.db.models import Command
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.command_results import with_output
from chatops.server.services.output import KeptStream

OutputName = Literal["stdout", "stderr"]
NAMES: Final[tuple[OutputName, ...]] = ("stdout", "stderr")
_RESULT_FIELDS: Final = ("exit_code", "signal", "duration_ms", "error")
_MOST: Final = 2**62  # what a column of the database can hold, whatever an agent claims
_PAY_AT: Final = STREAM_CREDIT // 4


@dataclass(slots=True)
class Delivery:
    """Some bytes on their way to ``left`` watchers."""

    stream: IncomingStream
    offset: int
    data: bytes
    left: int

    def taken(self) -> None:
        """One watcher took them, or went away."""
        self.left -= 1
        if self.left == 0:
            self.stream.pay(len(self.data))


class Watcher:
    """One reader of a command's output. Its queue is bounded by the streams' credit."""

    def __init__(self, live: LiveCommand) -> None:
        self._live = live
        self._queue: deque[Delivery] = deque()
        self._wake = asyncio.Event()

    async def next(self) -> tuple[OutputName, int, bytes] | None:
        """The next bytes; None when the command is over and all was taken."""
        while not self._queue:
            if self._live.result is not None:
                return None
            self._wake.clear()
            await self._wake.wait()
        delivery = self._queue.popleft()
        delivery.taken()
        return delivery.stream.name, delivery.offset, delivery.data

    def close(self) -> None:
        """Stop watching; what waited is paid back."""
        self._live.forget(self)
        while self._queue:
            self._queue.popleft().taken()

    def put(self, delivery: Delivery) -> None:
        """Bytes for this watcher came."""
        self._queue.append(delivery)
        self._wake.set()

    def wake(self) -> None:
        """Look again whether the command is over."""
        self._wake.set()


class IncomingStream:
    """One output stream of a live command, over however many connections it comes."""

    def __init__(self, live: LiveCommand, name: OutputName) -> None:
        self._live = live
        self.name = name
        self.kept = KeptStream()
        self._session: AgentSession | None = None
        self._number = 0
        self._owed = 0
        self._granted = 0
        self._received = 0

    def open(self, session: AgentSession) -> StreamOpen:
        """Have the stream come over ``session``, from where it was cut."""
        self._session = session
        self._number = session.open_stream(self)
        self._owed = self._received = 0
        self._granted = STREAM_CREDIT
        return StreamOpen(
            stream=self._number,
            command_id=self._live.id,
            name=self.name,
            offset=self.kept.end,
            credit=STREAM_CREDIT,
            watched=self._live.watched,
        )

    def feed(self, offset: int, data: bytes) -> None:
        """Take bytes from the agent; what came before already is paid back and left out.

        Raises:
            ProtocolError: the agent sent more than it may.
        """
        self._received += len(data)
        if self._received > self._granted:
            raise ProtocolError("more bytes came on a stream than it has credit for")
        piece = self.kept.feed(offset, data)
        repeated = len(data) - (len(piece.data) if piece else 0)
        if repeated:
            self.pay(repeated)
        if piece is not None:
            self._live.deliver(self, piece.offset, piece.data)

    def end(self, offset: int, dropped: int) -> None:
        """The stream is ``offset`` bytes long, and closed."""
        self.kept.skip_to(max(offset, 0))
        if self._session is not None:
            self._session.streams.pop(self._number, None)
            self._session = None

    def pay(self, count: int) -> None:
        """Give the sender credit for bytes that are out of our hands, in larger sums."""
        self._owed += count
        if self._owed >= _PAY_AT:
            self.settle()

    def settle(self) -> None:
        """Pay what is owed, and tell whether somebody watches."""
        if self._session is not None:
            credit = StreamCredit(
                stream=self._number, credit=self._owed, watched=self._live.watched
            )
            self._session.post(credit)
        self._granted += self._owed
        self._owed = 0


class LiveCommand:
    """A command between its record and its outcome. ``result`` is set once, by ``finish``.

    ``sent``: its agent was told, so that an agent which does not know it will never run it.
    """

    def __init__(self, row: Command, server_name: str, *, sent: bool = False) -> None:
        self.sent = sent
        self.id = row.id
        self.run_id = row.run_id
        self.server_id = row.server_id
        self.user_id = row.user_id
        self.user_name = row.user_name
        self.server_name = server_name
        self.streams = {name: IncomingStream(self, name) for name in NAMES}
        self.started_at: float | None = row.started_at
        self.result: CommandResult | None = None
        self._watchers: list[Watcher] = []
        self._over = asyncio.Event()

    @property
    def watched(self) -> bool:
        """Whether somebody takes the output as it comes."""
        return bool(self._watchers)

    def watch(self) -> Watcher:
        """A new watcher, from the bytes on that come next."""
        watcher = Watcher(self)
        self._watchers.append(watcher)
        return watcher

    def forget(self, watcher: Watcher) -> None:
        """A watcher went away. When it was the last, the command runs on unslowed."""
        if watcher in self._watchers:
            self._watchers.remove(watcher)
            if not self._watchers:
                for stream in self.streams.values():
                    stream.settle()

    def open_streams(self, session: AgentSession) -> list[StreamOpen]:
        """Have both streams come over ``session``."""
        return [stream.open(session) for stream in self.streams.values()]

    def deliver(self, stream: IncomingStream, offset: int, data: bytes) -> None:
        """Pass bytes on to all watchers."""
        delivery = Delivery(stream, offset, data, len(self._watchers))
        for watcher in self._watchers:
            watcher.put(delivery)
        if not self._watchers:
            stream.pay(len(data))

    def outcome(self, status: CommandStatus, **fields: Any) -> CommandResult:
        """The result in a state, with the fields of it that are known, and the kept output."""
        known = {key: value for key, value in fields.items() if key in _RESULT_FIELDS}
        dropped = min(sum(stream.kept.dropped for stream in self.streams.values()), _MOST)
        result = CommandResult(
            server=self.server_name,
            command_id=self.id,
            run_id=self.run_id,
            status=status,
            truncated=dropped > 0,
            dropped_bytes=dropped,
            **known,
        )
        stdout, stderr = (self.streams[name].kept.text() for name in NAMES)
        return with_output(result, stdout, stderr)

    def finish(self, result: CommandResult) -> None:
        """The command is over; watchers end when they took what they have. The first outcome
        that is told stands."""
        if self.result is not None:
            return
        self.result = result
        self._over.set()
        for watcher in self._watchers:
            watcher.wake()

    async def wait(self) -> CommandResult:
        """The outcome, as soon as it is recorded."""
        await self._over.wait()
        assert self.result is not None
        return self.result
