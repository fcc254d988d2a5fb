"""asciicast v2, the format of recordings: a header and one line an event. Pure.

    {"version": 2, "width": 80, "height": 24, "timestamp": 1767322981, …}
    [0.25, "o", "$ "]            printed, so many seconds after the beginning
    [3.5, "r", "120x40"]         the terminal has another size
    [4.0, "m", "…"]              a mark: something of the output is missing
    [4.0, "@", "4096"]           ours, which players pass over: with what is printed next the
                                 output is so long, in bytes

What is printed is text here, and bytes at the terminal. Bytes that are no UTF-8 are replaced, and
what is missing is no text at all: then, and only then, a ``@`` comes before the next text. So a
file always says how far it is, and a hub that was killed goes on in it.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

Event = tuple[float, str, str]
_encode: Final = msgspec.json.Encoder().encode
_decoder: Final = msgspec.json.Decoder(Event)
_utf8: Final = codecs.getincrementaldecoder("utf-8")


def header(rows: int, cols: int, timestamp: float, **more: Any) -> bytes:
    """The first line; ``more`` are further keys, of which those that are None are left out."""
    known = {"version": 2, "width": cols, "height": rows, "timestamp": int(timestamp)}
    known |= {key: value for key, value in more.items() if value is not None}
    return _encode(known) + b"\n"


class Cast:
    """Makes the lines of one recording. ``last`` is the time of the newest one."""

    def __init__(self, position: int = 0, last: float = 0.0) -> None:
        self.last = last
        self._fed = position
        self._told = position
        self._decoder = _utf8("replace")

    def output(self, at: float, offset: int, data: bytes) -> bytes:
        """What was printed from ``offset`` on; what is recorded already is left out. A character
        that is not whole yet waits for its rest."""
        fresh = data[max(self._fed - offset, 0) :]
        if not fresh:
            return b""
        lines = self._skip_to(at, offset)
        text = self._decoder.decode(fresh)
        self._fed += len(fresh)
        return lines + (self._printed(at, text) if text else b"")

    def resize(self, at: float, rows: int, cols: int) -> bytes:
        """The terminal has another size."""
        return self._line(at, "r", f"{cols}x{rows}")

    def _printed(self, at: float, text: str) -> bytes:
        position = self._fed - len(self._decoder.getstate()[0])
        expected = self._told + len(text.encode())
        where = self._line(at, "@", str(position)) if position != expected else b""
        self._told = position
        return where + self._line(at, "o", text)

    def _skip_to(self, at: float, offset: int) -> bytes:
        """Tell what never came, if anything, and lose the beginning of a character before it."""
        missing = offset - self._fed
        if missing <= 0:
            return b""
        self._decoder.reset()
        self._fed = offset
        return self._line(at, "m", f"{missing} bytes are missing here")

    def _line(self, at: float, code: str, data: str) -> bytes:
        self.last = max(round(at, 6), self.last)
        return _encode((self.last, code, data)) + b"\n"


def resumed(lines: Iterable[bytes]) -> tuple[Cast, int]:
    """What goes on after these lines of a file (the header is the first), and how many of its bytes
    are whole: the end may be half a line."""
    position, last, size = 0, 0.0, 0
    announced: int | None = None
    for number, line in enumerate(lines):
        if not line.endswith(b"\n"):
            break
        if number:
            try:
                last, code, data = _decoder.decode(line)
            except msgspec.DecodeError:
                break
            if code == "o":
                position = position + len(data.encode()) if announced is None else announced
            announced = int(data) if code == "@" and data.isdigit() else None
        size += len(line)
    return Cast(position, last), size


def describe(
    command: str | list[str], server: str, user: str | None, container: str | None
) -> Mapping[str, Any]:
    """The keys of a header that say to people what it is."""
    line = command if isinstance(command, str) else " ".join(command)
    where = server if container is None else f"{server} [{container}]"
    return {"command": line, "title": f"{user} on {where}: {line}"}
