"""Bytes of a log into lines, in bounded memory. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple, Protocol

from chatops.protocol.limits import MAX_LOG_LINE
from chatops.text import counted

LONGEST: Final = MAX_LOG_LINE - 100
"""Bytes of a line that are kept; of a longer one the rest is counted, and that is said."""


class Line(NamedTuple):
    """A whole line without its end. ``end`` is the offset behind that, ``left_out`` how many of its
    last bytes were not kept."""

    data: bytes
    end: int
    left_out: int = 0

    @property
    def text(self) -> str:
        """The line as it is shipped: what is no UTF-8 is replaced, a carriage return at the end is
        left out, and a line that was cut says so."""
        text = self.data.decode("utf-8", "replace").removesuffix("\r")
        return f"{text} … {counted(self.left_out, 'more byte')}" if self.left_out else text


class Cutter(Protocol):
    """Cuts what is read of a log."""

    position: int
    """The offset behind all that was fed."""

    def feed(self, data: bytes) -> list[Line]:
        """What is whole with the next piece."""
        ...

    def finish(self) -> list[Line]:
        """What waits for more, now that nothing comes."""
        ...


class Pieces:
    """Cuts nothing: for whoever wants the bytes as they are. Each piece counts as a line."""

    def __init__(self, offset: int = 0) -> None:
        self.position = offset

    def feed(self, data: bytes) -> list[Line]:
        """The piece, if there is anything in it."""
        self.position += len(data)
        return [Line(data, self.position)] if data else []

    def finish(self) -> list[Line]:
        """Nothing waits here."""
        return []


class LineSplitter:
    """Takes a log piece by piece and gives the lines that are whole; the last part of it waits for
    its end. A line may be as long as it likes: only its first LONGEST bytes are held."""

    def __init__(self, offset: int = 0, longest: int = LONGEST) -> None:
        self._longest = longest
        self._part = bytearray()
        self._left_out = 0
        self.position = offset
        """The offset behind all that was fed."""

    @property
    def begun(self) -> bool:
        """Whether a line waits for its end."""
        return bool(self._part or self._left_out)

    def feed(self, data: bytes) -> list[Line]:
        """The lines that end in the next piece."""
        *ends, rest = data.split(b"\n")
        lines = []
        for part in ends:
            self._take(part)
            self.position += len(part) + 1
            lines.append(self._line())
        self._take(rest)
        self.position += len(rest)
        return lines

    def finish(self) -> list[Line]:
        """The line that will never get its end, if one waits: nothing more is written there."""
        return [self._line()] if self.begun else []

    def _take(self, part: bytes) -> None:
        room = max(self._longest - len(self._part), 0)
        self._part += part[:room]
        self._left_out += max(len(part) - room, 0)

    def _line(self) -> Line:
        line = Line(bytes(self._part), self.position, self._left_out)
        self._part.clear()
        self._left_out = 0
        return line
