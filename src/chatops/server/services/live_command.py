"""A command that is not over yet: its output on the way to whoever watches, and its credit.

The hub always takes the output (it keeps head and tail). While somebody watches, bytes are
paid back as credit to the agent only when every watcher took them: a slow watcher slows the
command, and nothing else. Without watchers they are paid back at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec

from chatops.errors import Busy, ChatOpsError, ProtocolError
from chatops.protocol.limits import STREAM_CREDIT, KiB
from chatops.protocol.messages import (
    CommandCancel,
    Message,
    Resize,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.protocol.rest import CommandResult, CommandStatus
from chatops.server.db.models import Command
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.command_results import with_output
from chatops.server.services.output import KeptStream
from chatops.server.services.output_file import OutputFile
from chatops.server.services.recorder import Recorder
from chatops.server.services.standard_input import StandardInput
from chatops.server.services.watching import NAMES, Delivery, OutputName, Watcher

_RESULT_FIELDS: Final = ("exit_code", "signal", "duration_ms", "error")
_MOST: Final = 2**62  # what a column of the database can hold, whatever an agent claims
_SMALL: Final = 16 * KiB


class IncomingStream:
    """One output stream of a live command, over however many connections it comes."""

    def __init__(
        self, live: LiveCommand, name: OutputName, credit: int, file: OutputFile | None
    ) -> None:
        self._live = live
        self.name = name
        self.kept = KeptStream(file=file)
        self._credit = credit
        self.session: AgentSession | None = None
        """The connection that it comes over, or came at last."""
        self._number = 0
        self._owed = 0
        self._unpaid = 0
        """Bytes that watchers have not taken yet, over whichever connection they came."""
        self._granted = 0
        self._received = 0
        self.last: Delivery | None = None
        """What went to the watchers last; more may join it while it waits."""

    @property
    def command_id(self) -> str:
        """The command whose stream it is."""
        return self._live.id

    def open(self, session: AgentSession) -> StreamOpen:
        """Have the stream come over ``session``, from where it was cut."""
        self.session = session
        self._number = session.open_stream(self)
        self._owed = self._received = 0
        self._granted = max(self._credit - self._unpaid, 0)
        return StreamOpen(
            stream=self._number,
            command_id=self._live.id,
            name=self.name,
            offset=self.kept.end,
            credit=self._granted,
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
        self._unpaid += len(data)
        piece = self.kept.feed(offset, data)
        repeated = len(data) - (len(piece.data) if piece else 0)
        if repeated:
            self.pay(repeated)
        if piece is not None:
            self._live.deliver(self, piece.offset, piece.data)

    def end(self, message: StreamClose) -> None:
        """The stream is so long, and closed."""
        self.kept.skip_to(max(message.offset, 0))
        self.leave()
        self.session = None

    def leave(self) -> None:
        """Nothing more is taken."""
        if self.session is not None:
            self.session.streams.pop(self._number, None)

    def pay(self, count: int) -> None:
        """Give the sender credit for bytes that are out of our hands, in larger sums."""
        self._owed += count
        self._unpaid -= count
        if self._owed * 4 >= self._credit:
            self.settle()

    def settle(self) -> None:
        """Pay what is owed, and tell whether somebody watches."""
        if self.session is not None:
            credit = StreamCredit(
                stream=self._number, credit=self._owed, watched=self._live.watched
            )
            self.session.post(credit)
        self._granted += self._owed
        self._owed = 0


class LiveCommand:
    """A command between its record and its outcome. ``result`` is set once, by ``finish``.

    ``sent``: its agent was told, so that an agent which does not know it will never run it.
    ``credit`` is what each of its streams may have under way.
    """

    def __init__(
        self,
        command_id: str,
        run_id: str,
        server_id: str,
        server_name: str,
        *,
        user_id: str | None = None,
        user_name: str | None = None,
        command: str | list[str] | None = None,
        sent: bool = False,
        started_at: float | None = None,
        credit: int = STREAM_CREDIT,
        file: OutputFile | None = None,
    ) -> None:
        self.id = command_id
        self.run_id = run_id
        self.server_id = server_id
        self.server_name = server_name
        self.user_id = user_id
        self.user_name = user_name
        self.command = command
        self.sent = sent
        self.started_at = started_at
        self.cancelled = False
        """Somebody wants it to end, and its agent is to be told as soon as it can be."""
        self.stdin: StandardInput | None = None
        self.terminal = False
        """It runs at one; ``recorder`` writes down what is printed there."""
        self.recorder: Recorder | None = None
        self.size: Resize | None = None
        """The newest size of its terminal, where that is not the first one."""
        self.ended_for: str | None = None
        """Why this hub wants it to end, where nobody asked for that."""
        self.streams = {name: IncomingStream(self, name, credit, file) for name in NAMES}
        self.result: CommandResult | None = None
        self.keep = _SMALL
        """Output of that size stays with the result, so that nobody has to load it again."""
        self.is_whole = False
        """Whether ``result`` has all of the output that is kept."""
        self.on_over: Callable[[LiveCommand], None] | None = None
        """Called once, when ``result`` is set and before watchers hear of it."""
        self._watchers: list[Watcher] = []
        self._over = asyncio.Event()
        self._given_up: ChatOpsError | None = None

    @property
    def watched(self) -> bool:
        """Whether somebody takes the output as it comes."""
        return bool(self._watchers)

    def add(self, watcher: Watcher) -> None:
        """Somebody watches from now on."""
        self._watchers.append(watcher)

    def forget(self, watcher: Watcher) -> None:
        """A watcher went away. When it was the last, the command runs on unslowed."""
        if watcher not in self._watchers:
            return
        self._watchers.remove(watcher)
        if not self._watchers:
            for stream in self.streams.values():
                stream.settle()
            self._let_go()

    def tell_sent(self) -> None:
        """It is on its way to its agent."""
        self.sent = True
        for watcher in self._watchers:
            watcher.started(self)

    def open_streams(self, session: AgentSession) -> list[StreamOpen]:
        """Have the output come over ``session``, and the input go over it if somebody feeds it."""
        opened = [stream.open(session) for stream in self.streams.values()]
        if self.stdin is not None:
            if self.stdin.has_source:
                opened.append(self.stdin.open(session))
            else:
                self.stdin.came(session)
        return opened

    def said_again(self, session: AgentSession) -> list[Message]:
        """What the agent, which knows it, is to be told when it is back on ``session``."""
        told: list[Message] = [*self.open_streams(session)]
        if self.size is not None:
            told.append(self.size)
        return [*told, CommandCancel(id=self.id)] if self.cancelled else told

    def comes_over(self, session: AgentSession) -> bool:
        """Whether its output was opened over that connection, whatever became of it since."""
        return any(stream.session is session for stream in self.streams.values())

    def deliver(self, stream: IncomingStream, offset: int, data: bytes) -> None:
        """Pass bytes on to the watchers."""
        if self.recorder is not None and stream.name == "stdout":
            self.recorder.output(offset, data)
        if not self._watchers:
            stream.pay(len(data))
            return
        last = stream.last
        if last is not None and last.join(offset, data, self._watchers):
            return
        count = len(self._watchers)
        stream.last = Delivery(stream, offset, data, count, left=count)
        for watcher in self._watchers:
            watcher.put(stream.last)

    def outcome(self, status: CommandStatus, **fields: Any) -> CommandResult:
        """The result in a state, with the fields of it that are known, without output."""
        known = {key: value for key, value in fields.items() if key in _RESULT_FIELDS}
        dropped = min(sum(stream.kept.dropped for stream in self.streams.values()), _MOST)
        return CommandResult(
            server=self.server_name,
            command_id=self.id,
            run_id=self.run_id,
            status=status,
            truncated=dropped > 0,
            dropped_bytes=dropped,
            **known,
        )

    def close_recorder(self) -> None:
        """Nothing more is written down here."""
        if self.recorder is not None:
            self.recorder.close()

    def with_kept(self, result: CommandResult) -> CommandResult:
        """A result with the output that is kept."""
        stdout, stderr = (self.streams[name].kept.text() for name in NAMES)
        return with_output(msgspec.structs.replace(result), stdout, stderr)

    def length(self, name: OutputName) -> int:
        """How long a stream is, as far as it came."""
        return min(self.streams[name].kept.end, _MOST)

    def finish(self, result: CommandResult) -> None:
        """The command is over; watchers end when they took what they have. The first outcome
        that is told stands."""
        if self.result is not None:
            return
        self.result = result
        if sum(stream.kept.held for stream in self.streams.values()) <= self.keep:
            self.result = self.with_kept(result)
            self.is_whole = True
        for stream in self.streams.values():
            stream.leave()
        if self.stdin is not None:
            self.stdin.close()
        if self.on_over is not None:
            self.on_over(self)
        self._over.set()
        for watcher in self._watchers:
            watcher.over(self)
        self._let_go()

    async def wait(self) -> CommandResult:
        """The outcome, as soon as it is recorded.

        Raises:
            ChatOpsError: the hub is stopping.
        """
        await self._over.wait()
        if self.result is None:
            raise self._given_up or Busy("the outcome cannot be had here any more")
        return self.result

    def give_up(self, error: ChatOpsError) -> None:
        """This hub will not hear the end of it: who waits for that is told so."""
        self._given_up = error
        self._over.set()
        self.close_recorder()

    def _let_go(self) -> None:
        """What was kept is in the database when all is over: nobody needs it here any more."""
        if self.result is not None and not self._watchers:
            for stream in self.streams.values():
                stream.kept.close()


def revived(row: Command, server: str, credit: int, file: OutputFile) -> LiveCommand:
    """A command of before, as its row has it."""
    live = LiveCommand(
        row.id, row.run_id, row.server_id, server, user_id=row.user_id,
        user_name=row.user_name, command=row.command, sent=row.status != "queued",
        started_at=row.started_at, credit=credit, file=file,
    )  # fmt: skip
    live.cancelled = row.cancelled_at is not None
    return live
