"""Lines of a container's log, with the engine's times, and where in it each of them is. Pure.

The engine numbers no lines. It takes the time of each, of the two streams independently: in the
order in which they stand in its log, the times of one stream rise, and those of both may not. That
order stays, so what comes before a line is told by how far each stream had come (its last time, and
how many lines of that time). The number of a line is its time, or one more than that of the line
before: it rises, and is the same whenever the log is read again from a place on.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final, NamedTuple, Protocol

from chatops.agent.container_logs import TerminalLog
from chatops.agent.engine import EngineError
from chatops.agent.logs.lines import LONGEST, Line, LineSplitter

SLACK: Final = 10 * 10**9
"""Nanoseconds before a place from which on the log is asked for: lines of one stream are not
written down so much later than those of the other whose times come after theirs."""
PART: Final = 16 * 1024
"""Bytes of a line that the engine keeps together; a longer one is several to it."""
_HEADER: Final = 8
_STAMP: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")
_ROOM: Final = 64
"""No time is so long."""
_NANO: Final = 10**9


class Stamped(NamedTuple):
    """A line: ``stream`` is 1 for stderr, else 0, ``nano`` the engine's time."""

    stream: int
    nano: int
    data: bytes
    left_out: int


class Stamp(NamedTuple):
    """How far a stream came: its last time, and how many lines of that time."""

    nano: int = 0
    nth: int = 0


class Place(NamedTuple):
    """Behind a line: its number, and how far stdout and stderr had come."""

    number: int = 0
    stdout: Stamp = Stamp()
    stderr: Stamp = Stamp()

    def stamp(self, stream: int) -> Stamp:
        """How far a stream had come."""
        return self.stderr if stream else self.stdout

    @property
    def latest(self) -> Stamp:
        """The stream whose last line is the younger one."""
        return max(self.stdout, self.stderr)

    @property
    def since(self) -> int:
        """The time (nanoseconds) from which on everything behind this place is found."""
        return max(self.latest.nano - SLACK, 0)


def at_end(now: float) -> Place:
    """The place behind all that was written before ``now`` (Unix seconds)."""
    nano = int(now * _NANO)
    return Place(nano, Stamp(nano), Stamp(nano))


class Placing:
    """Gives the lines of a log that is read from ``place.since`` on their places, and leaves out
    those that come before it. ``missed``: the line that the place is behind was not there."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._start = place
        self._seen = [Stamp(), Stamp()]
        self._past = False
        self._met = not place.latest.nth
        self.missed = False

    def take(self, line: Stamped) -> bool:
        """Whether a line comes behind the place; then the place is the one behind this line."""
        seen = self._seen[line.stream]
        stamp = Stamp(line.nano, seen.nth + 1 if seen.nano == line.nano else 1)
        self._seen[line.stream] = stamp
        if not self._past:
            if stamp <= self._start.stamp(line.stream):
                self._met |= stamp == self._start.latest
                return False
            self._past, self.missed = True, not self._met
        number = max(line.nano, self.place.number + 1)
        stamps = [self.place.stdout, self.place.stderr]
        stamps[line.stream] = stamp
        self.place = Place(number, *stamps)
        return True


class LogLines(Protocol):
    """Takes the engine's bytes, cut anywhere, and gives the lines that are whole."""

    def feed(self, data: bytes) -> list[Stamped]:
        """The lines that end in the next piece.

        Raises:
            EngineError: it is not the log of a container.
        """
        ...

    def finish(self) -> list[Stamped]:
        """Those that wait for an end which will not come."""
        ...


class _Part:
    """A line of one stream while it comes."""

    def __init__(self) -> None:
        self.stamp: bytes = b""
        self.data = bytearray()
        self.left_out = 0

    def take(self, data: bytes, left_out: int) -> None:
        room = max(LONGEST - len(self.data), 0)
        self.data += data[:room]
        self.left_out += max(len(data) - room, 0) + left_out


class FrameLines:
    """Of a container without a terminal: frames of a header (stream, length), a time and a line, or
    a part of one. What is no full part and has no end is the last that the container wrote."""

    def __init__(self) -> None:
        self._rest = b""
        self._left = 0
        """Bytes of the present frame that are still to come."""
        self._frame = bytearray()
        self._size = 0
        self._stream = 0
        self._parts = (_Part(), _Part())
        self._last = 0

    def feed(self, data: bytes) -> list[Stamped]:
        data = self._rest + data if self._rest else data
        lines: list[Stamped] = []
        at = 0
        while at < len(data):
            if not self._left:
                if len(data) - at < _HEADER:
                    break
                self._begin(data[at : at + _HEADER])
                at += _HEADER
                if not self._left:
                    continue
            piece = data[at : at + self._left]
            self._frame += piece[: LONGEST + _ROOM - len(self._frame)]
            at, self._left = at + len(piece), self._left - len(piece)
            self._last = piece[-1] if piece else self._last
            if not self._left:
                lines += self._end()
        self._rest = data[at:]
        return lines

    def finish(self) -> list[Stamped]:
        return [
            _stamped(stream, part.stamp, bytes(part.data), part.left_out)
            for stream, part in enumerate(self._parts)
            if part.stamp
        ]

    def _begin(self, header: bytes) -> None:
        if header[0] > 2 or header[1:4] != b"\0\0\0":
            raise EngineError("conflict", "the container engine cannot read the log any further")
        self._stream = int(header[0] == 2)
        self._left = self._size = int.from_bytes(header[4:])
        self._frame.clear()

    def _end(self) -> list[Stamped]:
        """A frame is whole: take its line, or its part of one."""
        stamp, text = _split(bytes(self._frame))
        size = self._size - len(stamp)
        ends = self._last == 0x0A
        part = self._parts[self._stream]
        part.stamp = part.stamp or stamp
        left_out = size - len(text)
        part.take(text[:-1] if ends and not left_out else text, left_out - (ends and left_out > 0))
        if not ends and size == PART:
            return []
        self._parts = (_Part(), self._parts[1]) if not self._stream else (self._parts[0], _Part())
        return [_stamped(self._stream, part.stamp, bytes(part.data), part.left_out)]


class TerminalLines:
    """Of one with a terminal: a time before each line, and nothing else around it."""

    def __init__(self) -> None:
        self._log = TerminalLog(timestamps=True)
        self._splitter = LineSplitter(longest=LONGEST + _ROOM)

    def feed(self, data: bytes) -> list[Stamped]:
        pieces = self._log.take(data)
        return [_of_line(line) for _, piece in pieces for line in self._splitter.feed(piece)]

    def finish(self) -> list[Stamped]:
        return [_of_line(line) for line in self._splitter.finish()]


def _of_line(line: Line) -> Stamped:
    stamp, text = _split(line.data.removesuffix(b"\r"))
    return _stamped(0, stamp, text[:LONGEST], line.left_out + max(len(text) - LONGEST, 0))


def _split(data: bytes) -> tuple[bytes, bytes]:
    """The time before a line, and the line."""
    match = _STAMP.match(data)
    if match is None:
        raise EngineError("conflict", "the container engine tells no times of lines")
    return data[: match.end()], data[match.end() :]


def _stamped(stream: int, stamp: bytes, data: bytes, left_out: int) -> Stamped:
    match = _STAMP.match(stamp)
    assert match is not None
    seconds, fraction, zone = (part.decode() if part else "" for part in match.groups())
    whole = datetime.fromisoformat(seconds + zone).astimezone(UTC)
    nano = int(whole.timestamp()) * _NANO + int(fraction.ljust(9, "0") or 0)
    return Stamped(stream, nano, data, left_out)
