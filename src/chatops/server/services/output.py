"""What is kept of a stream: its beginning and its end, with the offsets of both. Pure."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, MAX_STREAM_DATA


class Piece(NamedTuple):
    """Some bytes of a stream, and the offset of the first."""

    offset: int
    data: bytes


class KeptStream:
    """The first ``head`` and the last ``tail`` bytes of a stream that is fed in order.

    Bytes that were fed before are left out (a stream is sent again from an earlier offset after
    a reconnection); bytes that never came are a gap and count as dropped.
    """

    def __init__(self, head: int = KEPT_HEAD, tail: int = KEPT_TAIL) -> None:
        self._head_room = head
        self._tail_limit = tail
        self._head: list[tuple[int, bytearray]] = []
        self._tail: deque[tuple[int, bytearray]] = deque()
        self._tail_size = 0
        self._head_size = 0
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
        fresh = Piece(offset, data)
        taken = min(self._head_room, len(data))
        if taken:
            _append(self._head, offset, data[:taken], MAX_STREAM_DATA * 16)
            self._head_room -= taken
            self._head_size += taken
        if taken < len(data):
            self._keep_tail(offset + taken, data[taken:])
        return fresh

    def skip_to(self, end: int) -> None:
        """The stream is ``end`` bytes long; what of that did not come never will."""
        self.end = max(self.end, end)

    @property
    def dropped(self) -> int:
        """Bytes of the stream that are not kept."""
        return self.end - self._head_size - self._tail_size

    def pieces(self) -> list[Piece]:
        """All that is kept, in order."""
        return [Piece(offset, bytes(data)) for offset, data in (*self._head, *self._tail)]

    def text(self) -> bytes:
        """All that is kept as one run of bytes; where something is missing is not visible."""
        return b"".join(bytes(data) for _, data in (*self._head, *self._tail))

    def _keep_tail(self, offset: int, data: bytes) -> None:
        _append(self._tail, offset, data, MAX_STREAM_DATA)
        self._tail_size += len(data)
        while self._tail_size > self._tail_limit:
            first_offset, first = self._tail[0]
            surplus = self._tail_size - self._tail_limit
            if len(first) <= surplus:
                self._tail.popleft()
                self._tail_size -= len(first)
            else:
                self._tail[0] = (first_offset + surplus, first[surplus:])
                self._tail_size -= surplus


def _append(
    pieces: list[tuple[int, bytearray]] | deque[tuple[int, bytearray]],
    offset: int,
    data: bytes,
    full: int,
) -> None:
    if pieces:
        last_offset, last = pieces[-1]
        if last_offset + len(last) == offset and len(last) < full:
            last += data
            return
    pieces.append((offset, bytearray(data)))
