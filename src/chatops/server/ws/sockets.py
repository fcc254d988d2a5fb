"""What all of the hub's WebSockets share: the upgrade, the first frame, and their bounds."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from aiohttp import web

from chatops.errors import (
    Busy,
    ChatOpsError,
    InvalidInput,
    Malformed,
    NotFound,
    NotPermitted,
    NotSignedIn,
    TooLarge,
    TooManyRequests,
)
from chatops.protocol import closing
from chatops.protocol.client_messages import ClientAuth, FromClient
from chatops.protocol.closing import CloseReason
from chatops.protocol.codec import Codec, UnusableFrame
from chatops.protocol.limits import (
    AUTH_TIMEOUT,
    MAX_ADDRESS_LARGE_FIRST,
    MAX_FIRST_BYTES,
    MAX_LARGE_FIRST,
)
from chatops.server.authentication import bound
from chatops.server.services.limiter import network_of
from chatops.server.services.places import Crowd, Stranger
from chatops.server.settings import HubSettings
from chatops.server.ws.connection import CLOSE_WAIT, SocketConnection
from chatops.server.ws.listening import ListeningSocket, SocketEnded, receive
from chatops.tasks import Tasks

T = TypeVar("T")
Route = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = logging.getLogger(__name__)


_REASONS: Final[dict[type[ChatOpsError], CloseReason]] = {
    NotSignedIn: closing.NOT_SIGNED_IN,
    NotFound: closing.NOT_FOUND,
    NotPermitted: closing.NOT_PERMITTED,
    Busy: closing.BUSY,
    TooManyRequests: closing.TOO_MANY,
    TooLarge: closing.TOO_LARGE,
    InvalidInput: closing.MALFORMED,
}


def refusal(error: ChatOpsError) -> SocketEnded:
    """The end of a socket whose client does not get what it asks for."""
    return SocketEnded(_REASONS.get(type(error), closing.INTERNAL), error.message)


class Waiting:
    """The sockets that have not said who they are yet. The gate bounds them already; but not by
    whom a proxy's connections are for, nor what they send."""

    def __init__(self, settings: HubSettings) -> None:
        self._crowd = Crowd(settings.stranger_limit, settings.address_stranger_limit)
        self._places: dict[SocketConnection, Stranger] = {}
        self._large = Crowd(MAX_LARGE_FIRST, MAX_ADDRESS_LARGE_FIRST)
        self._large_places: dict[SocketConnection, Stranger] = {}

    def enter(self, connection: SocketConnection) -> None:
        """One more.

        Raises:
            TooManyRequests, Busy: there are too many of its address, or altogether.
        """
        self._places[connection] = _enter(self._crowd, connection)

    def grow(self, connection: SocketConnection, most: int) -> int:
        """One sends more than most do. It may send ``most`` more bytes, once, if there is a place
        for it; else it is closed, and may send none."""
        try:
            if connection not in self._places or connection in self._large_places:
                raise TooLarge("that is too much from who has not signed in")
            self._large_places[connection] = _enter(self._large, connection)
        except (TooLarge, TooManyRequests, Busy) as error:
            connection.close(_REASONS[type(error)], error.message)
            return 0
        return most

    def leave(self, connection: SocketConnection) -> None:
        """One less."""
        self._crowd.leave(self._places.pop(connection))
        if (large := self._large_places.pop(connection, None)) is not None:
            self._large.leave(large)

    def __len__(self) -> int:
        return len(self._crowd)


def _enter(crowd: Crowd, connection: SocketConnection) -> Stranger:
    def evict() -> None:
        connection.close(closing.BUSY)

    return crowd.enter(network_of(connection.address), time.monotonic(), evict)


async def accept(
    request: web.Request,
    tasks: Tasks,
    waiting: Waiting,
    *,
    max_frame: int,
    buffer: int,
    heartbeat: float | None = None,
) -> tuple[ListeningSocket, SocketConnection]:
    """Upgrade a request to a WebSocket without compression, which waits for its first frame.

    With ``heartbeat`` (seconds) the WebSocket itself is pinged and ended when it is dead, for
    peers that have no messages for that.

    Raises:
        Malformed: the request asks for no upgrade.
        TooManyRequests, Busy: too many sockets wait for their first frame.
    """
    socket = ListeningSocket(
        timeout=CLOSE_WAIT, autoping=True, compress=False, max_msg_size=max_frame,
        heartbeat=heartbeat,
    )  # fmt: skip
    if not socket.can_prepare(request):
        raise Malformed(f"{request.path} is a WebSocket, and this request asks for no upgrade")
    connection = SocketConnection(socket, request, tasks, limit=buffer)
    waiting.enter(connection)
    try:
        await socket.prepare(request)
    except BaseException:
        waiting.leave(connection)
        raise
    bound(request, MAX_FIRST_BYTES, lambda: waiting.grow(connection, max_frame))
    return socket, connection


@asynccontextmanager
async def told(connection: SocketConnection) -> AsyncIterator[None]:
    """Whatever ends the block, the peer hears why before its socket is let go."""
    try:
        yield
    except SocketEnded as end:
        if end.reason is not None:
            connection.close(end.reason, end.message)
    except (Busy, TooManyRequests) as error:
        connection.close(_REASONS[type(error)], error.message)
    except Exception:  # noqa: BLE001  (the last resort of every socket)
        _log.exception("a socket failed", extra={"address": connection.address})
        connection.close(closing.INTERNAL)
    await connection.drained()


async def first_message(
    socket: web.WebSocketResponse,
    connection: SocketConnection,
    codec: Codec[T],
    waiting: Waiting,
) -> T:
    """The first frame of an accepted socket, which must come soon and must be a message.

    Raises:
        SocketEnded: it did not come, or is none.
    """
    try:
        async with asyncio.timeout(AUTH_TIMEOUT):
            frame = await receive(socket)
    except TimeoutError:
        raise SocketEnded(closing.AUTH_TIMEOUT) from None
    finally:
        waiting.leave(connection)
    if not isinstance(frame, str):
        raise SocketEnded(closing.MALFORMED, "the first frame must be an auth message")
    try:
        return codec.decode(frame)
    except UnusableFrame as error:
        raise SocketEnded(closing.MALFORMED, error.message) from None


def token_of(first: FromClient) -> str:
    """The token in a client's first message.

    Raises:
        SocketEnded: it is another message.
    """
    if not isinstance(first, ClientAuth):
        raise SocketEnded(closing.MALFORMED, "the first frame must be an auth message")
    return first.token
