"""A Connection on an aiohttp WebSocket: ordered, bounded, and never in anybody's way."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from aiohttp import web

from chatops.protocol.closing import CloseReason
from chatops.protocol.codec import encode
from chatops.protocol.limits import STALL_AFTER
from chatops.protocol.messages import Error
from chatops.tasks import Tasks

_SHORT: Final = 125
"""Bytes that a frame's header tells in one byte (RFC 6455, 5.2)."""
_TEXT: Final = 0x81
_BINARY: Final = 0x82
"""First byte of a whole message in one frame; a server's frames are not masked."""
CLOSE_WAIT: Final = 3.0
"""Seconds a peer has for its half of the closing handshake."""


class SocketConnection:
    """Sends through a task that lives only while something waits.

    At most ``limit`` bytes wait; past that ``post`` says False and the frame is not sent.
    """

    __slots__ = (
        "_address",
        "_bytes",
        "_gone",
        "_idle",
        "_limit",
        "_request",
        "_sending",
        "_socket",
        "_tasks",
        "_waiting",
        "close_reason",
    )  # fmt: skip

    def __init__(
        self, socket: web.WebSocketResponse, request: web.Request, tasks: Tasks, *, limit: int
    ) -> None:
        self._socket = socket
        self._request = request
        self._address = request.remote or ""
        self._tasks = tasks
        self._limit = limit
        self._waiting: deque[str | bytes | CloseReason] | None = None  # it takes 600 bytes
        self._bytes = 0
        self._sending = False
        self._gone = False
        self._idle: asyncio.Event | None = None
        self.close_reason: CloseReason | None = None

    @property
    def address(self) -> str:
        return self._address

    def post(self, frame: str | bytes) -> bool:
        return self.post_all((frame,))

    def post_all(self, frames: Sequence[str | bytes]) -> bool:
        if self.close_reason is not None or self._gone:
            return False
        return self._write_now(frames) or all(map(self._put_if_room, frames))

    def close(self, reason: CloseReason, message: str | None = None) -> None:
        if self.close_reason is not None or self._gone:
            return
        self.close_reason = reason
        self._put(encode(Error(code=reason.name, message=message or reason.text)))
        self._put(reason)

    async def drained(self) -> None:
        """Wait until nothing is being sent: the peer has the last words, or is gone."""
        while self._sending and not self._gone:
            self._idle = self._idle or asyncio.Event()
            await self._idle.wait()
            self._idle = None

    def abort(self) -> None:
        """Let go of the socket at once; what waits is lost."""
        self._gone = True
        self._waiting = None
        self._bytes = 0
        transport = self._request.transport  # None once the connection is lost
        if transport is not None:
            transport.abort()

    def _write_now(self, frames: Sequence[str | bytes]) -> bool:
        """Hand short frames to a transport that has nothing waiting: the way of nearly all of an
        agent's frames, at a fifth of what a task costs. Never before one that waits."""
        transport = self._request.transport
        if self._sending or transport is None or self._socket.closed:
            return False
        if transport.is_closing() or transport.get_write_buffer_size():
            return False
        short = [_framed(frame) for frame in frames if len(frame) <= _SHORT]
        if len(short) < len(frames) or b"" in short:
            return False
        transport.write(b"".join(short))
        return True

    def _put_if_room(self, frame: str | bytes) -> bool:
        if self._waiting and self._bytes + len(frame) > self._limit:
            return False
        self._put(frame)
        return True

    def _put(self, item: str | bytes | CloseReason) -> None:
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(item)
        self._bytes += 0 if isinstance(item, CloseReason) else len(item)
        if not self._sending:
            self._sending = True
            self._tasks.spawn(self._send_all(), name=f"send to {self._address}")

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting.popleft())
            self._waiting = None
        except (TimeoutError, ConnectionError, RuntimeError):
            self.abort()
        finally:
            self._sending = False
            if self._idle is not None:
                self._idle.set()

    async def _send(self, item: str | bytes | CloseReason) -> None:
        if isinstance(item, CloseReason):
            async with asyncio.timeout(CLOSE_WAIT + 1):
                await self._socket.close(code=item.code, message=item.name.encode())
            self._gone = True
            return
        self._bytes -= len(item)
        stall = STALL_AFTER if self.close_reason is None else CLOSE_WAIT
        async with asyncio.timeout(stall):
            send = self._socket.send_str if isinstance(item, str) else self._socket.send_bytes
            await send(item)  # type: ignore[arg-type]  # each gets what it is for


def _framed(frame: str | bytes) -> bytes:
    """A frame with its header; empty if it takes a longer one, as some text does."""
    payload = frame.encode() if isinstance(frame, str) else frame
    kind = _TEXT if isinstance(frame, str) else _BINARY
    return bytes((kind, len(payload))) + payload if len(payload) <= _SHORT else b""
