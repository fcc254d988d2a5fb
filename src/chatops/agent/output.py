"""One output stream of a command: its bytes in bounded memory, and what the hub takes of it."""

from __future__ import annotations

from typing import Final

from chatops.protocol import codec
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, MAX_STREAM_DATA, STREAM_CREDIT, KiB
from chatops.protocol.messages import StreamClose, StreamCredit, StreamName, StreamOpen

_BLOCK: Final = 64 * KiB


class OutputBuffer:
    """The first ``head`` and at least the last ``tail`` bytes of a stream, by their offsets.

    ``dropped`` counts bytes that went without ever having been read by anybody.
    """

    def __init__(self, head: int = KEPT_HEAD, tail: int = KEPT_TAIL, block: int = _BLOCK) -> None:
        self.end = 0
        self.dropped = 0
        self._read_to = 0
        self._block = block
        self._head_blocks = head // block
        self._tail_blocks = -(-tail // block) + 1  # the last one is rarely full
        self._blocks: dict[int, bytearray] = {}

    def append(self, data: bytes) -> None:
        """Take the next bytes of the stream; past the bounds the middle goes."""
        view = memoryview(data)
        while view:
            number, inside = divmod(self.end, self._block)
            part = view[: self._block - inside]
            if not inside:
                self._make_room(number)
            self._blocks[number] += part
            self.end += len(part)
            view = view[len(part) :]

    def read(self, offset: int, limit: int) -> tuple[int, bytes]:
        """At most ``limit`` bytes from ``offset`` on, or from the next offset that is kept."""
        if offset >= self.end or limit <= 0:
            return self.end if offset > self.end else offset, b""
        number, inside = divmod(offset, self._block)
        if number not in self._blocks:
            number = min(one for one in self._blocks if one > number)
            offset, inside = number * self._block, 0
        data = bytes(memoryview(self._blocks[number])[inside : inside + limit])
        self._read_to = max(self._read_to, offset + len(data))
        return offset, data

    def _make_room(self, number: int) -> None:
        self._blocks[number] = bytearray()
        gone = number - self._tail_blocks
        if gone >= self._head_blocks:
            del self._blocks[gone]
            begin = gone * self._block
            self.dropped += self._block - min(max(self._read_to - begin, 0), self._block)


class OutputStream:
    """A stream and the hub's subscription to it in this session. Pure: it holds no pipe.

    The hub opens it with a number and credit; frames come out as long as credit lasts, and a
    ``stream_close`` with the final offset when all is said.
    """

    def __init__(self, name: StreamName, buffer: OutputBuffer | None = None) -> None:
        self.name: Final = name
        self.buffer = buffer or OutputBuffer()
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
        return self._watched and self.buffer.end - self._position >= STREAM_CREDIT

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
