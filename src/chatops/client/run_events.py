"""What happens in a run, as its watcher is told, and how it is read from the hub's frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

import msgspec

from chatops.errors import ChatOpsError, ProtocolError, from_code
from chatops.protocol.frames import StreamFrame
from chatops.protocol.rest.commands import CommandResult, StreamEvent

StreamName = Literal["stdout", "stderr"]
Offsets = Mapping[str, tuple[int, int]]
"""By a command's id, how many bytes of its stdout and of its stderr are there already."""
_event = msgspec.json.Decoder(StreamEvent)


class Taken(NamedTuple):
    """The hub recorded the run, which goes to so many ``servers``."""

    run_id: str
    servers: int


class Start(NamedTuple):
    """The run's command on one server."""

    server: str
    command_id: str
    run_id: str


class Output(NamedTuple):
    """Bytes that the command wrote, unchanged; ``offset`` is where in their stream they begin."""

    server: str
    command_id: str
    stream: StreamName
    offset: int
    data: bytes


class End(NamedTuple):
    """The command is over. ``stdout_bytes`` and ``stderr_bytes`` are how long its streams were
    altogether; None: the hub does not know."""

    result: CommandResult
    stdout_bytes: int | None = None
    stderr_bytes: int | None = None


RunEvent = Taken | Start | Output | End


class FrameEvents:
    """Turns frames into events: remembers which number stands for which stream."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Start, StreamName]] = {}

    def read(self, frame: bytes | StreamFrame) -> RunEvent:
        """The event in a frame of a body (chatops.protocol.frames).

        Raises:
            ProtocolError, msgspec.DecodeError: it is none.
            ChatOpsError: the hub says that it cannot go on, and why.
        """
        return self.output(frame) if isinstance(frame, StreamFrame) else self.event(
            _event.decode(frame)
        )  # fmt: skip

    def event(self, event: StreamEvent) -> RunEvent:
        """The event in a text frame; raises as ``read``."""
        if event.event == "error":
            raise _refusal(event)
        if event.event == "run":
            return Taken(event.run_id or "", event.servers or 0)
        if event.event == "start":
            return self._start(event)
        if event.result is None:
            raise ProtocolError("an end without a result came")
        return End(event.result, event.stdout_bytes, event.stderr_bytes)

    def output(self, frame: StreamFrame) -> Output:
        """The event in a binary frame; raises as ``read``."""
        known = self._known.get(frame.stream)
        if known is None:
            raise ProtocolError("output of an unknown stream came")
        start, name = known
        return Output(start.server, start.command_id, name, frame.offset, frame.data)

    def _start(self, event: StreamEvent) -> Start:
        start = Start(event.server or "", event.command_id or "", event.run_id or "")
        if event.stdout is not None:
            self._known[event.stdout] = start, "stdout"
        if event.stderr is not None:
            self._known[event.stderr] = start, "stderr"
        return start


def _refusal(event: StreamEvent) -> ChatOpsError:
    error = event.error
    return from_code(
        error.code if error else "error",
        error.message if error else "the hub broke the stream off",
        hint=error.hint if error else None,
    )
