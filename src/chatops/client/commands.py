"""Running commands: wait for them, stream them, or leave them running."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from chatops.client.session import Session, segment
from chatops.client.transport import NotHttp, Response
from chatops.errors import ProtocolError, from_code
from chatops.protocol.frames import CONTENT_TYPE, FrameReader, StreamFrame
from chatops.protocol.rest.commands import (
    CommandCreate,
    CommandRecord,
    CommandResult,
    RunStarted,
    StreamEvent,
)
from chatops.protocol.rest.common import Page

StreamName = Literal["stdout", "stderr"]
_event = msgspec.json.Decoder(StreamEvent)


class Start(NamedTuple):
    """The hub took the command."""

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
    """The command is over."""

    result: CommandResult


RunEvent = Start | Output | End


class Commands:
    """``client.commands``. A string is a line for the target's shell, a list an exact vector."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(
        self,
        target: str,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> list[CommandResult]:
        """Run a command and wait until it is over everywhere; one result a server.

        ``timeout`` (seconds) is kept by the agent; without one it may take for ever.

        Raises:
            NotFound: no such server; NotPermitted: the role does not allow it.
        """
        body = _create(target, command, "wait", timeout, cwd, env)
        return self._session.call("POST", "/commands", list[CommandResult], body=body, patient=True)

    def detach(
        self,
        target: str,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> RunStarted:
        """Start a command and return at once.

        Raises:
            as ``run``.
        """
        body = _create(target, command, "detach", timeout, cwd, env)
        return self._session.call("POST", "/commands", RunStarted, body=body)

    def stream(
        self,
        target: str,
        command: str | Sequence[str],
        *,
        timeout: float | None = None,
        cwd: str | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Generator[RunEvent, None, None]:
        """Run a command and yield what happens as it happens.

        ``close()`` of the generator before its end leaves the command running.

        Raises:
            as ``run``; and HubUnreachable when the hub is lost on the way, with
            ``details["sent"]`` true when the command may run nevertheless.
        """
        body = _create(target, command, "stream", timeout, cwd, env)
        response = self._session.stream("POST", "/commands", body)
        return _events(self._session, response)

    def list(
        self,
        *,
        server: str | None = None,
        user: str | None = None,
        run: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[CommandRecord]:
        """Past and present commands, newest first; times are Unix seconds."""
        from chatops.client.events import moment

        query = {
            "server": server, "user": user, "run": run, "since": moment(since),
            "until": moment(until),
        }  # fmt: skip
        return self._session.pages("/commands", Page[CommandRecord], query=query, limit=limit)

    def get(self, command_id: str) -> CommandRecord:
        """One command.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        return self._session.call("GET", f"/commands/{segment(command_id)}", CommandRecord)

    def output(self, command_id: str) -> CommandResult:
        """A command's outcome with its kept output.

        Raises:
            NotFound: there is none of that id that the caller may see.
        """
        path = f"/commands/{segment(command_id)}/output"
        return self._session.call("GET", path, CommandResult)

    def cancel(self, command_id: str) -> CommandRecord:
        """End a command: TERM to its process group, KILL five seconds later.

        Raises:
            NotFound: there is none of that id that the caller may see.
            Conflict: it is over already.
        """
        path = f"/commands/{segment(command_id)}/cancel"
        return self._session.call("POST", path, CommandRecord)


def _create(
    target: str,
    command: str | Sequence[str],
    mode: Literal["wait", "stream", "detach"],
    timeout: float | None,
    cwd: str | None,
    env: Mapping[str, str] | None,
) -> CommandCreate:
    exact = command if isinstance(command, str) else list(command)
    return CommandCreate(
        target=target, command=exact, mode=mode, timeout=timeout, cwd=cwd, env=dict(env or {})
    )


class _Streams:
    """Turns frames into events: remembers which number stands for which stream."""

    def __init__(self) -> None:
        self._known: dict[int, Start] = {}
        self._names: dict[int, StreamName] = {}

    def read(self, frame: bytes | StreamFrame) -> RunEvent:
        if isinstance(frame, StreamFrame):
            return self._output(frame)
        event = _event.decode(frame)
        if event.event == "error":
            error = event.error
            raise from_code(
                error.code if error else "error",
                error.message if error else "the hub broke the stream off",
                hint=error.hint if error else None,
            )
        if event.event == "end" and event.result is not None:
            return End(event.result)
        return self._start(event)

    def _start(self, event: StreamEvent) -> Start:
        start = Start(event.server or "", event.command_id or "", event.run_id or "")
        numbers: tuple[tuple[int | None, StreamName], ...] = (
            (event.stdout, "stdout"), (event.stderr, "stderr"),
        )  # fmt: skip
        for number, name in numbers:
            if number is not None:
                self._known[number], self._names[number] = start, name
        return start

    def _output(self, frame: StreamFrame) -> Output:
        start = self._known.get(frame.stream)
        if start is None:
            raise ProtocolError("output of an unknown stream came")
        name = self._names[frame.stream]
        return Output(start.server, start.command_id, name, frame.offset, frame.data)


def _events(session: Session, response: Response) -> Generator[RunEvent, None, None]:
    if response.headers.get("content-type", "").partition(";")[0] != CONTENT_TYPE:
        response.close()
        raise session.unusable("it answers a command with something that is no stream")
    reader, streams = FrameReader(), _Streams()
    try:
        for data in response.parts():
            for frame in reader.feed(data):
                yield streams.read(frame)
    except NotHttp as error:
        raise session.unusable(error.message) from None
    except (ProtocolError, msgspec.DecodeError) as error:
        raise session.unusable(f"the stream is broken ({error})") from None
    except (OSError, EOFError) as error:
        raise session.lost(error) from error
    finally:
        response.close()
