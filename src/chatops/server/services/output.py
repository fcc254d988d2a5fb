"""What is kept of a stream: its beginning and its end, with the offsets of both.

Short output stays in memory. What is longer goes to a file that all streams share, so that
hundreds of commands with a megabyte each do not fill the hub's memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Final, NamedTuple

from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, MAX_STREAM_DATA, KiB
from chatops.server.services.output_file import OutputFile

IN_MEMORY: Final = 16 * KiB
"""Bytes of a stream that are held in memory before it gets room in the file."""


_STRETCHES: Final = 64
"""Stretches of a part that are told from one another. A stream has few holes; one that is full of
them is a hostile agent's."""


class Piece(NamedTuple):
    """Some bytes of a stream, and the offset of the first."""

    offset: int
    data: bytes


class _Stretch:
    """Bytes that follow one another in the stream, and lie one after the other in the room."""

    __slots__ = ("length", "offset")

    def __init__(self, offset: int, length: int) -> None:
        self.offset = offset
        self.length = length


class _Part:
    """A ring of ``size`` bytes in the room from ``base`` on; the oldest bytes make way."""

    def __init__(self, room: _Room, base: int, size: int) -> None:
        self._room = room
        self._base = base
        self._size = size
        self._written = 0
        self.held = 0
        self.stretches: deque[_Stretch] = deque()

    @property
    def left(self) -> int:
        """Bytes that fit in before the oldest have to go."""
        return self._size - self.held

    def takes(self, offset: int) -> bool:
        """Whether bytes from there on can be told from the others."""
        return len(self.stretches) < _STRETCHES or self._follows(offset)

    def add(self, offset: int, data: bytes) -> None:
        """Take some bytes that come after all others; at most as many as fit in."""
        done = 0
        while done < len(data):
            place = self._written % self._size
            part = data[done : done + self._size - place]
            if not self._room.write(self._base + place, part):
                self.clear()  # the disk is full: what of the ring is still right, nobody knows
                return
            self._written += len(part)
            done += len(part)
        self.held += len(data)
        if self._follows(offset):
            self.stretches[-1].length += len(data)
        else:
            self.stretches.append(_Stretch(offset, len(data)))

    def make_way(self, count: int) -> None:
        """Let the oldest go until ``count`` bytes fit in, and another stretch."""
        self.drop(max(count - self.left, 0))
        if len(self.stretches) >= _STRETCHES:
            self.drop(self.stretches[0].length)

    def drop(self, count: int) -> None:
        """Let the oldest ``count`` bytes go."""
        self.held -= count
        while count:
            first = self.stretches[0]
            gone = min(first.length, count)
            first.offset += gone
            first.length -= gone
            count -= gone
            if not first.length:
                self.stretches.popleft()

    def clear(self) -> None:
        """Let all go."""
        self.drop(self.held)

    def _follows(self, offset: int) -> bool:
        last = self.stretches[-1] if self.stretches else None
        return last is not None and last.offset + last.length == offset

    def read(self, offset: int, limit: int) -> Piece | None:
        """At most ``limit`` bytes from the first that is held at or after ``offset``."""
        place = self._written - self.held
        for stretch in self.stretches:
            inside = max(offset - stretch.offset, 0)
            if inside < stretch.length:
                place = (place + inside) % self._size
                count = min(limit, stretch.length - inside, self._size - place)
                data = self._room.read(self._base + place, count)
                return Piece(stretch.offset + inside, data) if len(data) == count else None
            place += stretch.length
        return None


class _Room:
    """The bytes of one stream's two parts: in memory while they are few, then in the file."""

    def __init__(self, file: OutputFile | None) -> None:
        self._file = file
        self._slot: int | None = None
        self._memory: bytearray | None = bytearray()

    def write(self, place: int, data: bytes) -> bool:
        """Whether it could be written."""
        end = place + len(data)
        if self._memory is not None and (self._file is None or end <= IN_MEMORY):
            self._memory.extend(bytes(max(place - len(self._memory), 0)))
            self._memory[place:end] = data
            return True
        return self._to_file() and self._file.write(self._slot, place, data)  # type: ignore[union-attr, arg-type]  # _to_file says so

    def read(self, place: int, count: int) -> bytes:
        """What was written there; less where the disk does not give it."""
        if self._memory is not None:
            return bytes(memoryview(self._memory)[place : place + count])
        if self._file is None or self._slot is None:
            return b""
        return self._file.read(self._slot, place, count)

    def close(self) -> None:
        """Give the room back."""
        self._memory = None
        if self._file is not None and self._slot is not None:
            self._file.free(self._slot)
            self._slot = None

    def _to_file(self) -> bool:
        if self._slot is not None:
            return True
        if self._file is None or self._memory is None:
            return False
        slot = self._file.take()
        if slot is None:
            return False
        if not self._file.write(slot, 0, self._memory):
            self._file.free(slot)
            return False
        self._slot, self._memory = slot, None
        return True


class KeptStream:
    """The first ``head`` and the last ``tail`` bytes of a stream that is fed in order.

    Bytes that were fed before are left out (a stream is sent again from an earlier offset after
    a reconnection); bytes that never came are a gap and count as dropped, and so are those that
    a full disk did not take.
    """

    def __init__(
        self, head: int = KEPT_HEAD, tail: int = KEPT_TAIL, file: OutputFile | None = None
    ) -> None:
        self._room = _Room(file)
        self._head = _Part(self._room, 0, head)
        self._tail = _Part(self._room, head, tail)
        self._tail_limit = tail
        self.end = 0
        """Offset after the last byte that was fed."""

    def feed(self, offset: int, data: bytes) -> Piece | None:
        """Take some bytes; what of them was new, or None."""
        if offset < self.end:
            data = data[self.end - offset :]
            offset = self.end
        if not data:
            return None
        self.end = offset + len(data)
        to_tail = self._tail.held or not self._head.takes(offset)
        taken = 0 if to_tail else min(self._head.left, len(data))
        if taken:
            self._head.add(offset, data[:taken])
        if taken < len(data):
            self._keep_tail(offset + taken, data[taken:])
        return Piece(offset, data)

    def skip_to(self, end: int) -> None:
        """The stream is ``end`` bytes long; what of that did not come never will."""
        self.end = max(self.end, end)

    @property
    def dropped(self) -> int:
        """Bytes of the stream that are not kept."""
        return self.end - self._head.held - self._tail.held

    @property
    def held(self) -> int:
        """Bytes that are kept."""
        return self._head.held + self._tail.held

    def read(self, offset: int, limit: int = MAX_STREAM_DATA) -> Piece | None:
        """At most ``limit`` bytes from the first that is kept at or after ``offset``; None when
        nothing is."""
        return self._head.read(offset, limit) or self._tail.read(offset, limit)

    def pieces(self) -> Iterator[Piece]:
        """All that is kept, in order."""
        piece = self.read(0)
        while piece is not None:
            yield piece
            piece = self.read(piece.offset + len(piece.data))

    def text(self) -> bytes:
        """All that is kept as one run of bytes; where something is missing is not visible."""
        return b"".join(piece.data for piece in self.pieces())

    def close(self) -> None:
        """Give the room back; nothing can be read any more."""
        self._head.clear()
        self._tail.clear()
        self._room.close()

    def _keep_tail(self, offset: int, data: bytes) -> None:
        surplus = max(len(data) - self._tail_limit, 0)
        self._tail.make_way(len(data) - surplus)
        self._tail.add(offset + surplus, data[surplus:])
