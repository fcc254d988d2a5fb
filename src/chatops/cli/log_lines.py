"""Lines that begin with a time, cut from pieces that end anywhere; and how far they were shown, so
that after a new beginning no line comes twice."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

_STAMP: Final = 64
"""No time before a line is so long."""
_PARTS: Final = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)")


class Segment(NamedTuple):
    """A line, or some of one that is long: its time, whether it begins here, and its bytes, with
    the newline where it ends here."""

    stamp: bytes
    first: bool
    data: bytes


class Cutter:
    """Cuts one stream into its lines. Of a long one it holds nothing but the time."""

    def __init__(self) -> None:
        self._held = b""
        self._stamp: bytes | None = None
        """Time of the line that has begun; None at a line's beginning."""

    def cut(self, data: bytes) -> Iterator[Segment]:
        """The lines in the next bytes."""
        *whole, last = (self._held + data).split(b"\n")
        self._held = b""
        stamp = self._stamp
        for line in whole:
            if stamp is None:
                head, _, line = line.partition(b" ")
                yield Segment(head, first=True, data=line + b"\n")
            else:
                yield Segment(stamp, first=False, data=line + b"\n")
                stamp = None
        self._stamp = stamp
        if last:
            yield from self._begun(last)

    def _begun(self, line: bytes) -> Iterator[Segment]:
        """Some of a line whose end is not there yet."""
        if self._stamp is not None:
            yield Segment(self._stamp, first=False, data=line)
        elif b" " in line[:_STAMP] or len(line) >= _STAMP:
            self._stamp, _, rest = line.partition(b" ")
            yield Segment(self._stamp, first=True, data=rest)
        else:
            self._held = line


class Place:
    """How far one stream was shown: the newest time, how many lines have it, and how much of the
    last of these if that has not ended."""

    def __init__(self) -> None:
        self.stamp = b""
        self._lines = 0
        self._inside: int | None = None
        self._seen: int | None = None
        """Lines of that time that came again; None: no line is to come again."""
        self._shown: float = 0
        """Bytes of the present line that were shown before."""

    def resume(self) -> None:
        """The stream begins anew, some time before this place."""
        self._seen, self._shown = (0 if self.stamp else None), 0

    def fresh(self, segment: Segment) -> Segment | None:
        """What of a segment was not shown before; from now on it was."""
        if self._seen is not None or self._shown:
            again = self._again(segment)
            if again is None:
                return None
            segment = again
        if segment.first:
            self._lines = self._lines + 1 if segment.stamp == self.stamp else 1
            self.stamp, self._inside = segment.stamp, 0
        over = segment.data.endswith(b"\n")
        self._inside = None if over else (self._inside or 0) + len(segment.data)
        return segment

    def _again(self, segment: Segment) -> Segment | None:
        """The same while lines come that were shown before."""
        if segment.first:
            segment = segment._replace(first=not self._find(segment.stamp))
        if self._shown:
            known = int(min(self._shown, len(segment.data)))
            self._shown -= known
            segment = segment._replace(data=segment.data[known:])
            return segment if segment.data else None
        return segment

    def _find(self, stamp: bytes) -> bool:
        """How much of a line that begins was shown; whether it is the one that had not ended. What
        comes after the last one that was shown is new, whatever its time."""
        self._shown = 0
        if self._seen is None:
            return False
        here, there = order(stamp), order(self.stamp)
        self._seen += here == there
        if here > there:
            self._seen = None
            return False
        self._shown = math.inf
        if self._seen < self._lines:
            return False
        self._seen = None
        if self._inside is not None:
            self._shown = self._inside
        return self._inside is not None


def order(stamp: bytes) -> tuple[float, int]:
    """A time as whole Unix seconds and nanoseconds; (0, 0) if it is none."""
    match = _PARTS.fullmatch(stamp)
    if match is None:
        return 0.0, 0
    seconds = datetime.fromisoformat((match[1] + match[3]).decode()).timestamp()
    return seconds, int((match[2] or b"0").ljust(9, b"0"))
