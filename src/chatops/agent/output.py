"""One output stream of a command: its bytes in memory and spill, and what the hub takes of it."""

from __future__ import annotations

from collections import deque
from itertools import chain
from typing import Final

from chatops.agent.spill import SpillFile
from chatops.protocol import codec
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import KEPT_HEAD, MAX_STREAM_DATA
from chatops.protocol.messages import StreamClose, StreamCredit, StreamName, StreamOpen

_IN_MEMORY: Final = 3
"""Blocks of a stream's end in memory, the last of them rarely full; its first block is too."""
_MARGIN: Final = 2
"""Blocks that a pipe may still give after its reader was told to stop."""


class OutputBuffer:
    """A stream's bytes by their offsets: the last ones in memory, those before in the spill.

    When there is no room for more, the middle goes: all but the first ``head`` bytes, from the
    oldest on. ``dropped`` counts what went without ever having been read by anybody.
    """

    def __init__(self, spill: SpillFile, head: int = KEPT_HEAD) -> None:
        self.end = 0
        self.dropped = 0
        self._read_to = 0
        self._spill = spill
        self._block = spill.block
        self._share = spill.share
        self._head_blocks = max(min(head // self._block, self._share // 2), 1)
        self._blocks: dict[int, bytearray] = {}
        self._places: dict[int, int] = {}
        self._middle: deque[int] = deque()
        """Blocks in the spill behind the head, oldest first: the ones that may go."""

    @property
    def unread(self) -> int:
        """Bytes that are kept and were never read by anybody."""
        return sum(self._unread(number) for number in chain(self._blocks, self._places))

    def append(self, data: bytes) -> None:
        """Take the next bytes of the stream; past the bounds the middle goes."""
        view = memoryview(data)
        while view:
            number, inside = divmod(self.end, self._block)
            part = view[: self._block - inside]
            if not inside:
                self._begin(number)
            self._blocks[number] += part
            self.end += len(part)
            view = view[len(part) :]

    def read(self, offset: int, limit: int) -> tuple[int, bytes]:
        """At most ``limit`` bytes from ``offset`` on, or from the next offset that is kept."""
        while offset < self.end and limit > 0:
            number, inside = divmod(offset, self._block)
            data = self._piece(number, inside, limit)
            if data:
                self._read_to = max(self._read_to, offset + len(data))
                return offset, data
            offset = self._next_kept(number) * self._block
        return min(offset, self.end), b""

    def spare(self, position: int) -> int:
        """Blocks that can be taken and no byte from ``position`` on goes."""
        room = min(self._spill.room, self._share - len(self._places))
        leaving = self._middle or [number for number in self._blocks if number]
        if leaving:
            room += min(max(position // self._block - leaving[0], 0), len(leaving))
        return room

    def _piece(self, number: int, inside: int, limit: int) -> bytes:
        if number in self._blocks:
            return bytes(memoryview(self._blocks[number])[inside : inside + limit])
        place = self._places.get(number)
        if place is None:
            return b""
        data = self._spill.read(place, inside, limit)
        if not data:
            self._lose(number)
        return data

    def _next_kept(self, number: int) -> int:
        return min(one for one in chain(self._blocks, self._places) if one > number)

    def _begin(self, number: int) -> None:
        self._blocks[number] = bytearray()
        leaving = number - _IN_MEMORY
        if leaving > 0:
            self._put_away(leaving, self._blocks.pop(leaving))

    def _put_away(self, number: int, data: bytearray) -> None:
        place = self._spill.add(data) if len(self._places) < self._share else None
        if place is None and self._middle:
            gone = self._middle.popleft()
            place = self._places.pop(gone)
            self._count(gone)
            if not self._spill.replace(place, data):
                place = None
        if place is None:
            self._count(number)
            return
        self._places[number] = place
        if number >= self._head_blocks:
            self._middle.append(number)

    def _lose(self, number: int) -> None:
        """The disk did not give a block back."""
        del self._places[number]
        if number in self._middle:
            self._middle.remove(number)
        self._count(number)

    def _count(self, number: int) -> None:
        self.dropped += self._unread(number)

    def _unread(self, number: int) -> int:
        begin = number * self._block
        stop = min(begin + self._block, self.end)
        return stop - min(max(self._read_to, begin), stop)


class OutputStream:
    """A stream and the hub's subscription to it in this session. Pure: it holds no pipe.

    The hub opens it with a number and credit; frames come out as long as credit lasts, and a
    ``stream_close`` with the final offset when all is said.
    """

    def __init__(self, name: StreamName, buffer: OutputBuffer) -> None:
        self.name: Final = name
        self.buffer: Final = buffer
        self.ended = False
        self._number: int | None = None
        self._position = 0
        self._credit = 0
        self._watched = False
        self._skipped = 0

    @property
    def is_open(self) -> bool:
        """Whether the hub takes the stream and has not had all of it."""
        return self._number is not None

    @property
    def is_full(self) -> bool:
        """Whether its producer has to wait for its watcher."""
        if not self._watched or self._position >= self.buffer.end:
            return False
        return self.buffer.spare(self._position) < _MARGIN

    def open(self, message: StreamOpen) -> None:
        """The hub wants the bytes from an offset on."""
        self._number = message.stream
        self._position = max(message.offset, 0)
        self._credit = max(message.credit, 0)
        self._watched = message.watched
        self._skipped = 0

    def give(self, message: StreamCredit) -> None:
        """The hub takes more bytes."""
        self._credit += max(message.credit, 0)
        self._watched = message.watched

    def shut(self) -> None:
        """Nobody takes the stream: the hub said so, or the session is over."""
        self._number = None
        self._watched = False

    def next_frame(self) -> bytes | str | None:
        """The next frame for the hub, or None when nothing can be sent now."""
        number = self._number
        if number is None:
            return None
        offset, data = self.buffer.read(self._position, min(self._credit, MAX_STREAM_DATA))
        if data:
            self._skipped += offset - self._position
            self._position = offset + len(data)
            self._credit -= len(data)
            return encode_frame(number, offset, data)
        if not self.ended or self._position < self.buffer.end:
            return None
        self.shut()
        end = self.buffer.end
        return codec.encode(StreamClose(stream=number, offset=end, dropped=self._skipped))
