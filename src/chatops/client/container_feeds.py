"""What goes on with containers for a while: their logs, and pulls of images."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import msgspec

from chatops.client.framed import framed, told
from chatops.client.session import Session
from chatops.client.transport import Response
from chatops.errors import ProtocolError
from chatops.protocol.frames import StreamFrame
from chatops.protocol.rest.docker import LogsEvent, PullEvent

_log_event = msgspec.json.Decoder(LogsEvent)
_pull_event = msgspec.json.Decoder(PullEvent)


class LogPiece(NamedTuple):
    """Some of what a container wrote, as it is; pieces may end anywhere."""

    stream: Literal["stdout", "stderr"]
    data: bytes


class ContainerLog:
    """The log of a container, to be iterated over once: pieces in the order in which they were
    written. ``close`` ends it earlier. Iterating raises:

    HubUnreachable: the connection to the hub was lost.
    Offline: its connection to the agent was.
    Conflict: the engine broke the log off, or was stopped.
    NotSignedIn, NotFound: the caller may not read it any more.
    """

    def __init__(self, session: Session, response: Response) -> None:
        self._session = session
        self._response = response
        self._frames = framed(session, response, self._read)
        self._names: dict[int | None, Literal["stdout", "stderr"]] = {}
        self._ended = False
        first = next(self._frames, None)
        if not isinstance(first, LogsEvent) or first.event != "start":
            response.close()
            raise session.unusable("a log begins with something else")
        self.server = first.server or ""
        self.container = first.container or ""
        self.tty = first.tty
        """Whether it has a terminal, and so only stdout."""
        self._names = {first.stdout: "stdout", first.stderr: "stderr"}

    def __iter__(self) -> Iterator[LogPiece]:
        for item in self._frames:
            if isinstance(item, LogPiece):
                yield item
            else:
                self._ended = True
        if not self._ended:
            raise self._session.lost(EOFError("the log was broken off"))

    def close(self) -> None:
        """Read no more of it; that ends it on the target too."""
        self._frames.close()
        self._response.close()

    def _read(self, frame: bytes | StreamFrame) -> LogPiece | LogsEvent:
        if isinstance(frame, StreamFrame):
            name = self._names.get(frame.stream)
            if name is None:
                raise ProtocolError("bytes of an unknown stream came")
            return LogPiece(name, frame.data)
        event = _log_event.decode(frame)
        if event.event == "error":
            raise told(event.error)
        return event


def pull_events(session: Session, response: Response) -> Iterator[PullEvent]:
    """The steps of a pull, the last of which has the result.

    Raises:
        ChatOpsError: it failed; HubUnreachable: and with it the hub.
    """

    def read(frame: bytes | StreamFrame) -> PullEvent:
        if isinstance(frame, StreamFrame):
            raise ProtocolError("a pull has no bytes")
        event = _pull_event.decode(frame)
        if event.event == "error":
            raise told(event.error)
        return event

    done = False
    for event in framed(session, response, read):
        done = done or event.result is not None
        yield event
    if not done:
        raise session.lost(EOFError("the pull was broken off"))
