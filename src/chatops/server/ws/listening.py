"""A WebSocket whose frames are taken where they are read.

As aiohttp has it, each frame wakes a task that waits for it: with thousands of agents that is a
fifth of all that the hub does. So who listens is called from within the queue of frames, as long
as nothing waits there; what is no text and no bytes, and all that follows a fault, goes the usual
way.

Nor is each frame heard by itself: those that ``may_wait`` are heard together a moment later. A
sample costs half as much right after another one: the processor has its code at hand then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, NoReturn

from aiohttp import WebSocketError, WSMessage, WSMsgType, web
from aiohttp._websocket.reader import WebSocketDataQueue
from multidict import CIMultiDict

from chatops.protocol import closing
from chatops.protocol.closing import CloseReason

GATHER: Final = 0.06
"""Seconds for which frames may wait."""
GATHERED: Final = 64
"""Frames that wait at most: to hear them takes 2 or 3 ms."""
_OVERSIZE: Final = 1009
Hear = Callable[[str | bytes], object]
MayWait = Callable[[str | bytes], bool]
_NO_HEADERS: Final = CIMultiDict[str]()
_FRAMES: Final = frozenset((WSMsgType.TEXT, WSMsgType.BINARY))


class SocketEnded(Exception):
    """The socket has nothing more to give. ``reason`` is ours, None when the peer left."""

    def __init__(self, reason: CloseReason | None = None, message: str | None = None) -> None:
        super().__init__(message or (reason.text if reason else "the peer left"))
        self.reason = reason
        self.message = message


class Gathering:
    """Frames of all sockets that wait, in the order in which they came."""

    def __init__(self, may_wait: MayWait) -> None:
        self.may_wait: Final = may_wait
        self._waiting: list[tuple[_Frames, Any, int]] = []
        self._timer: asyncio.TimerHandle | None = None

    def add(self, frames: _Frames, message: Any, size: int) -> None:
        """Hear a message soon."""
        self._waiting.append((frames, message, size))
        if len(self._waiting) >= GATHERED:
            self.hear()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GATHER, self.hear)

    def hear(self) -> None:
        """Hear all that wait now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, []
        for frames, message, size in waiting:
            frames.take(message, size)


class _Frames(WebSocketDataQueue):
    """aiohttp's queue, with somebody who may hear a frame before it waits. It reaches into its
    base, whose ``_buffer`` holds what waits."""

    __slots__ = ("fault", "gathering", "hear", "idle")

    hear: Hear | None
    gathering: Gathering
    fault: Exception | None
    idle: asyncio.Future[None] | None

    def feed_data(self, message: Any, size: int) -> None:
        """A message came."""
        if self.hear is None:
            self._put(message, size)
        elif message[0] in _FRAMES and self.gathering.may_wait(message[1]):
            self.gathering.add(self, message, size)
        else:
            self.gathering.hear()  # what came before
            self.take(message, size)

    def take(self, message: Any, size: int) -> None:
        """It is the turn of a message."""
        hear = self.hear
        if hear is None or self._buffer or message[0] not in _FRAMES:
            self._put(message, size)
            return
        try:
            hear(message[1])
        except Exception as error:  # noqa: BLE001  (told to who listens)
            self.hear, self.fault = None, error
            self._put(message, size)

    def _put(self, message: Any, size: int) -> None:
        """It goes the usual way."""
        super().feed_data(message, size)
        self._wake()

    def feed_eof(self) -> None:
        """Nothing more will come."""
        super().feed_eof()
        self._wake()

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """The connection failed."""
        super().set_exception(exc, *cause)
        self._wake()

    def _wake(self) -> None:
        idle, self.idle = self.idle, None
        if idle is not None and not idle.done():
            idle.set_result(None)

    def something(self) -> asyncio.Future[None]:
        """Done as soon as there is something that goes the usual way."""
        idle = self.idle = asyncio.get_running_loop().create_future()
        if self._buffer or self.is_eof():
            self._wake()
        return idle


class ListeningSocket(web.WebSocketResponse):
    """A WebSocket that can be listened to."""

    _frames: _Frames | None = None

    @property  # where aiohttp puts its queue, and takes it from
    def _reader(self) -> WebSocketDataQueue | None:
        return self._frames

    @_reader.setter
    def _reader(self, queue: WebSocketDataQueue | None) -> None:
        assert queue is not None
        loop = asyncio.get_running_loop()
        self._frames = _Frames(queue._protocol, queue._limit // 2, loop=loop)
        self._frames.hear = self._frames.fault = self._frames.idle = None

    async def listen(self, hear: Hear, gathering: Gathering) -> NoReturn:
        """Give each frame to ``hear``, in order, until the end.

        Raises:
            SocketEnded: the socket is closed, or a frame was too long.
            whatever ``hear`` raises; it is not called again then.
        """
        frames = self._frames
        assert frames is not None, "it is prepared"
        frames.hear, frames.gathering = hear, gathering
        self._headers = _NO_HEADERS  # of the answer, which is given
        try:
            while True:
                await frames.something()  # as thousands do: ``receive`` takes three times as much
                frame = await receive(self)
                if frames.fault is not None:
                    raise frames.fault
                hear(frame)
                frame = ""  # thousands of agents would hold on to their last one
        finally:
            gathering.hear()  # what waits of this socket, too
            frames.hear = frames.fault = None


async def receive(socket: web.WebSocketResponse) -> str | bytes:
    """The next frame.

    Raises:
        SocketEnded: the socket is closed, or a frame was too long.
    """
    message: WSMessage = await socket.receive()
    if message.type is WSMsgType.TEXT:
        return str(message.data)
    if message.type is WSMsgType.BINARY:
        return bytes(message.data)
    if isinstance(message.data, WebSocketError) and message.data.code == _OVERSIZE:
        raise SocketEnded(closing.TOO_LARGE)
    if message.type is WSMsgType.CLOSE:
        raise SocketEnded(None, str(message.extra or "closed"))
    raise SocketEnded(None, "connection lost")
