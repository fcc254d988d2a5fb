"""The client's half of a WebSocket (RFC 6455) without I/O, and no more of it than hubs need.

A hub's frames are small, whole and many: reading one here takes a tenth of the time that a
library takes which must be ready for everything.
"""

from __future__ import annotations

import base64
import random
import struct
from collections.abc import Iterator
from typing import Final

from websockets.frames import apply_mask  # type: ignore[attr-defined]  # the one in C, if any
from websockets.utils import accept_key

TEXT: Final = 0x1
BINARY: Final = 0x2
CLOSE: Final = 0x8
PING: Final = 0x9
PONG: Final = 0xA
_FINAL: Final = 0x80
_MASKED: Final = 0x80
_MEDIUM: Final = struct.Struct(">BBH")
_LONG: Final = struct.Struct(">BBQ")
_END_OF_HEAD: Final = b"\r\n\r\n"


class BadPeer(Exception):
    """The peer said something that no hub says. The words are for people."""


def frame(kind: int, payload: bytes) -> bytes:
    """One whole frame, masked as a client must."""
    size = len(payload)
    if size < 126:
        head = bytes((_FINAL | kind, _MASKED | size))
    elif size < 1 << 16:
        head = _MEDIUM.pack(_FINAL | kind, _MASKED | 126, size)
    else:
        head = _LONG.pack(_FINAL | kind, _MASKED | 127, size)
    mask = random.randbytes(4)
    return b"".join((head, mask, apply_mask(payload, mask)))


class Opening:
    """The handshake: ``request`` goes first, ``feed`` takes what comes until it is over."""

    def __init__(self, host: str, path: str) -> None:
        key = base64.b64encode(random.randbytes(16)).decode()
        self._accept = accept_key(key).encode()
        self._head = b""
        self.request: Final = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
        ).encode()

    def feed(self, data: bytes) -> bytes | None:
        """What follows the answer; None while that is not complete.

        Raises:
            BadPeer: it is no WebSocket; says the status.
        """
        self._head += data
        head, end, rest = self._head.partition(_END_OF_HEAD)
        if not end:
            return None
        status = head[9:12].decode("ascii", "replace")
        if status != "101":
            raise BadPeer(f"http {status}")
        if self._accept not in head:
            raise BadPeer("not a websocket")
        return rest


class Reader:
    """Cuts what comes into frames."""

    def __init__(self) -> None:
        self._buffer = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Kind and payload of each frame that is complete.

        Raises:
            BadPeer: a frame in parts, or a masked one.
        """
        data = self._buffer + data if self._buffer else data
        position = 0
        while (found := _head(data, position)) is not None:
            kind, begin, end = found
            if end > len(data):
                break
            yield kind, data[begin:end]
            position = end
        self._buffer = data[position:]


def _head(data: bytes, position: int) -> tuple[int, int, int] | None:
    """Kind of the frame at ``position``, where its payload begins and ends; None without a head."""
    here = len(data) - position
    if here < 2:
        return None
    first, size = data[position], data[position + 1]
    if not first & _FINAL or size & _MASKED:
        raise BadPeer("a frame that no hub sends")
    kind = first & ~_FINAL
    if size < 126:
        return kind, position + 2, position + 2 + size
    head = _MEDIUM if size == 126 else _LONG
    if here < head.size:
        return None
    size = head.unpack_from(data, position)[2]
    return kind, position + head.size, position + head.size + size
