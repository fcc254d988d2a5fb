"""Raw bytes of streams: binary WebSocket frames, and the same frames over HTTP.

A stream frame is a header of 12 bytes, big endian: stream (u32), offset of the first
byte in its stream (u64), then the bytes, unchanged. Over HTTP, where there are no frames,
each one (text or binary) is preceded by its kind (u8: 0 text, 1 binary) and length (u32).
There a frame of stream 0 without bytes says only that the hub is there: one comes every 5 s in
which there is nothing else.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from chatops.errors import ProtocolError
from chatops.protocol.limits import MAX_HUB_FRAME

_HEADER: Final = struct.Struct(">IQ")
_ENVELOPE: Final = struct.Struct(">BI")
_TEXT: Final = 0
_BINARY: Final = 1
MAX_STREAM: Final = 2**32 - 1
"""The largest number of a stream that the header has room for."""
_MAX_OFFSET: Final = 2**63 - 1

CONTENT_TYPE: Final = "application/vnd.chatops.frames"
"""Media type of an HTTP body that consists of enveloped frames."""


class StreamFrame(NamedTuple):
    """Some bytes of a stream, and where in the stream they begin."""

    stream: int
    offset: int
    data: bytes


def encode_frame(stream: int, offset: int, data: bytes | bytearray | memoryview) -> bytes:
    """The bytes of a binary frame."""
    return _HEADER.pack(stream, offset) + data


def decode_frame(frame: bytes) -> StreamFrame:
    """The parts of a binary frame.

    Raises:
        ProtocolError: it is shorter than its header, or its offset is none of a stream's.
    """
    if len(frame) < _HEADER.size:
        raise ProtocolError(f"a stream frame of {len(frame)} bytes has no room for its header")
    stream, offset = _HEADER.unpack_from(frame)
    data = frame[_HEADER.size :]
    if offset + len(data) > _MAX_OFFSET:
        raise ProtocolError(f"no stream is so long as the offset {offset} says")
    return StreamFrame(stream, offset, data)


def envelope_text(text: bytes) -> bytes:
    """A text frame as it stands in an HTTP body."""
    return _ENVELOPE.pack(_TEXT, len(text)) + text


def envelope_binary(stream: int, offset: int, data: bytes) -> bytes:
    """A binary frame as it stands in an HTTP body."""
    return _ENVELOPE.pack(_BINARY, _HEADER.size + len(data)) + _HEADER.pack(stream, offset) + data


ALIVE: Final = envelope_binary(0, 0, b"")
"""What says in an HTTP body that the hub is there."""


class FrameReader:
    """Cuts the bytes of an HTTP body, fed in any portions, back into frames; those that say only
    that the hub is there are left out."""

    def __init__(self, max_frame: int = MAX_HUB_FRAME) -> None:
        self._buffer = bytearray()
        self._max_frame = max_frame

    def feed(self, data: bytes) -> Iterator[bytes | StreamFrame]:
        """The frames that ``data`` completes: text ones as bytes, binary ones taken apart.

        Raises:
            ProtocolError: a kind that does not exist, or a frame over the limit.
        """
        self._buffer += data
        while len(self._buffer) >= _ENVELOPE.size:
            kind, length = _ENVELOPE.unpack_from(self._buffer)
            if kind not in (_TEXT, _BINARY) or length > self._max_frame:
                raise ProtocolError("the stream is broken: no frame begins here")
            end = _ENVELOPE.size + length
            if len(self._buffer) < end:
                return
            if self._buffer.startswith(ALIVE):
                del self._buffer[:end]
                continue
            frame = bytes(memoryview(self._buffer)[_ENVELOPE.size : end])
            del self._buffer[:end]
            yield frame if kind == _TEXT else decode_frame(frame)

    @property
    def pending(self) -> int:
        """Bytes of a frame that is not complete yet: 0 at a clean end."""
        return len(self._buffer)
