"""A server's files and journals, as they are there: read, and followed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from chatops.client.framed import framed, told
from chatops.client.session import Session
from chatops.client.transport import Response
from chatops.errors import ProtocolError
from chatops.protocol.frames import StreamFrame
from chatops.protocol.limits import MiB
from chatops.protocol.log_feeds import FileMark, UnitEntry
from chatops.protocol.rest.log_feeds import LogFeedEvent

_LONGEST: Final = 1 * MiB
"""Bytes of a line that an agent says of itself; what is longer is none."""
_event = msgspec.json.Decoder(LogFeedEvent)
_mark = msgspec.json.Decoder(FileMark)
_entry = msgspec.json.Decoder(UnitEntry)
T = TypeVar("T")


class FilePlace(NamedTuple):
    """Where a reader of a file stands: ``skip`` bytes behind a place that the agent gave out."""

    place: str = ""
    skip: int = 0


class LogFeed(Generic[T]):
    """Something of a server that is read, to be iterated over once. ``close`` ends it earlier.
    Iterating raises:

    HubUnreachable: the connection to the hub was lost.
    Offline: its connection to the agent was.
    Conflict: what was read cannot be read any further.
    NotSignedIn, NotFound: the caller may not read it any more.
    """

    def __init__(self, session: Session, response: Response) -> None:
        self._session = session
        self._response = response
        self._frames = framed(session, response, self._read)
        first = next(self._frames, None)
        if not isinstance(first, LogFeedEvent) or first.event != "start":
            response.close()
            raise session.unusable("a log begins with something else")
        self.server = first.server or ""
        self.name = first.name or ""
        """The path, or the unit by its whole name."""
        self.notice = first.notice
        """Something that whoever reads it should know."""
        self._data, self._marks = first.data, first.marks

    def __iter__(self) -> Iterator[T]:
        for some in self.batches():
            yield from some

    def batches(self) -> Iterator[list[T]]:
        """The same, as many at a time as came together."""
        for found in self._frames:
            if isinstance(found, LogFeedEvent):
                return
            yield found
        raise self._session.lost(EOFError("the log was broken off"))

    def close(self) -> None:
        """Read no more; that ends it on the target too."""
        self._frames.close()
        self._response.close()

    def _read(self, frame: bytes | StreamFrame) -> LogFeedEvent | list[T]:
        if isinstance(frame, StreamFrame):
            return self._take(frame)
        event = _event.decode(frame)
        if event.event == "error":
            raise told(event.error)
        return event

    @abstractmethod
    def _take(self, frame: StreamFrame) -> list[T]:
        """What is in some bytes."""


class FileFeed(LogFeed[bytes | FileMark]):
    """A file of a server: its bytes as they are, cut anywhere, and between them marks. A mark comes
    before the first byte."""

    def __init__(self, session: Session, response: Response) -> None:
        self._lines = _Lines()
        self.place = FilePlace()
        """Behind what was given so far: another feed goes on there."""
        super().__init__(session, response)

    def _take(self, frame: StreamFrame) -> list[bytes | FileMark]:
        if frame.stream == self._data:
            self.place = self.place._replace(skip=self.place.skip + len(frame.data))
            return [frame.data]
        if frame.stream != self._marks:
            raise ProtocolError("bytes of an unknown stream came")
        marks = [_mark.decode(line) for line in self._lines.take(frame.data)]
        if marks:
            self.place = FilePlace(marks[-1].place)
        return list(marks)


class UnitFeed(LogFeed[UnitEntry]):
    """The journal of a server's unit, entry by entry."""

    def __init__(self, session: Session, response: Response) -> None:
        self._lines = _Lines()
        super().__init__(session, response)

    def _take(self, frame: StreamFrame) -> list[UnitEntry]:
        return [_entry.decode(line) for line in self._lines.take(frame.data)]


class _Lines:
    """Puts lines together again that were cut anywhere."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[bytes]:
        """Those that end in the next piece.

        Raises:
            ProtocolError: one is far too long.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _LONGEST:
            raise ProtocolError("a line is too long")
        return lines
