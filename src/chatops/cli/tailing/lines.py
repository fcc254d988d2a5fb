"""What ``chatops tail`` works with: lines, and the sources that give them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

from msgspec import Struct

from chatops.protocol.rest import LogEntry

LONGEST: Final = 1024 * 1024
"""Bytes of a line that a source gives at once: a longer one comes in parts."""


class Line(NamedTuple):
    """A line of a server, without its end, or a part of one that is long: then all but its last
    part have not ``ended``. ``ts`` is RFC 3339 in UTC; what is not known is None."""

    server: str
    message: bytes
    ts: str | None = None
    level: str | None = None
    source: str | None = None
    ended: bool = True


class TailLine(Struct, kw_only=True):
    """A line as ``-o json`` shows it."""

    server: str
    ts: str | None
    level: str | None
    source: str | None
    message: str


class Source(Protocol):
    """Lines of one server, or of several that come together. It makes a lost connection again by
    itself. All of its work is done by one thread, which need not be the main one."""

    @property
    def name(self) -> str:
        """Whose lines they are, for what is said of it."""
        ...

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, some at a time, until there are no more.

        Raises:
            ChatOpsError: it cannot be had, or is lost for good.
        """
        ...


def stored_line(entry: LogEntry) -> Line:
    """A line that the hub has stored."""
    return Line(entry.server or "", entry.message.encode(), entry.ts, entry.level, entry.source)


def shown(line: Line) -> TailLine:
    """A line as an object."""
    return TailLine(
        server=line.server, ts=line.ts, level=line.level, source=line.source,
        message=text_of(line),
    )  # fmt: skip


def text_of(line: Line) -> str:
    """Its message without a carriage return at its end; bytes that are no UTF-8 are written out."""
    data = line.message
    if line.ended and data.endswith(b"\r"):
        data = data[:-1]
    return data.decode("utf-8", "backslashreplace")
