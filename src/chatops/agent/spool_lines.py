"""What the spool writes: lines of a segment, one JSON object each. Pure: no file, no clock.

opened   the first line: when, in which run of the machine, and what segment came before
sample   a sample, with its number
settled  numbers that nobody waits for any more: acked, or told as a gap
closed   the agent ended in order, and everything is on the disk
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from chatops.protocol.integers import Count
from chatops.protocol.metrics import Sample

MOST: Final = 4096
"""Samples in one segment; numbers that lie further from its first are none of its own."""


class Opened(msgspec.Struct, tag_field="line", tag="opened"):
    """A segment begins at ``at`` (Unix seconds). ``before`` is the first number of the segment
    before it, so that it is known where that one ended; 0 when there was none."""

    at: float
    boot: str
    before: Count


class Taken(msgspec.Struct, tag_field="line", tag="sample"):
    """A sample: its number, its time by the wall clock and by CLOCK_BOOTTIME."""

    seq: Count
    ts: float
    at: float
    data: Sample


class Settled(msgspec.Struct, tag_field="line", tag="settled"):
    """The numbers from ``first`` to ``last`` are done with."""

    first: Count
    last: Count


class Closed(msgspec.Struct, tag_field="line", tag="closed"):
    """The agent ended in order."""


class _Glance(msgspec.Struct, tag_field="line", tag="sample"):
    seq: Count
    ts: float
    at: float


Line = Opened | Taken | Settled | Closed
_encoder: Final = msgspec.json.Encoder()
_decode: Final = msgspec.json.Decoder(Opened | _Glance | Settled | Closed).decode
_decode_sample: Final = msgspec.json.Decoder(Taken).decode
_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class Held(NamedTuple):
    """A sample as it lies in a segment."""

    ts: float
    at: float
    text: bytes


class Contents:
    """What a segment that begins with the number ``first`` says, of whatever bytes.

    ``end`` is the number after its last, ``settled`` the numbers done with as a bit mask, bit 0
    for ``first``. ``bad`` counts lines at the end that cannot be read, and may be samples.
    A last line without its end was being written when the agent died: nobody has seen it.
    """

    def __init__(self, data: bytes, first: int) -> None:
        self.first: Final = first
        self.end = first
        self.opened: Opened | None = None
        self.closed = False
        self.settled = 0
        self.bad = 0
        self.samples: dict[int, Held] = {}
        *lines, torn = data.split(b"\n")
        self.torn: Final = len(torn)
        for text in lines:
            self._take(text)

    def _take(self, text: bytes) -> None:
        try:
            line = _decode(text)
        except _UNREADABLE:
            line = None
        self.closed = isinstance(line, Closed)
        match line:
            case Opened():
                self.opened = self.opened or line
            case _Glance() if self.end <= line.seq < self.first + MOST:
                self.samples[line.seq] = Held(line.ts, line.at, text)
                self._reach(line.seq)
            case Settled() if self.first <= line.first <= line.last < self.first + MOST:
                self.settled |= span(line.first - self.first, line.last - self.first)
                if line.last >= self.end:
                    self._reach(line.last)
            case Closed():
                pass
            case _:
                self.bad += 1

    def _reach(self, number: int) -> None:
        self.end = number + 1
        self.bad = 0


def encode(line: Line) -> bytes:
    """A line as it stands in a segment.

    Raises:
        OverflowError, UnicodeEncodeError: the sample holds what JSON of this protocol cannot.
    """
    return _encoder.encode(line) + b"\n"


def sample_of(text: bytes) -> Sample | None:
    """The sample in a line; None when it is damaged."""
    try:
        return _decode_sample(text).data
    except _UNREADABLE:
        return None


def span(first: int, last: int) -> int:
    """A bit mask with the bits ``first`` to ``last`` set."""
    return ((1 << (last - first + 1)) - 1) << first


def runs(mask: int) -> list[tuple[int, int]]:
    """The runs of set bits of a mask: the first and the last of each."""
    found, base = [], 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        ones = (~mask & (mask + 1)).bit_length() - 1
        mask >>= ones
        found.append((base + zeros, base + zeros + ones - 1))
        base += zeros + ones
    return found
