"""One WebSocket of the hub: signed in, kept alive, its frames decoded."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from socket import SO_RCVBUF, SOL_SOCKET
from typing import Final

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from chatops.client.session import API, Session
from chatops.client.shared_tls import shareable
from chatops.clock import Clock
from chatops.errors import ChatOpsError, InvalidInput, NotFound, NotPermitted, NotSignedIn
from chatops.protocol import closing
from chatops.protocol.client_messages import ClientAuth, ToClient
from chatops.protocol.codec import Codec, UnusableFrame, encode
from chatops.protocol.frames import StreamFrame, decode_frame
from chatops.protocol.limits import MAX_COPY_DATA, MAX_HUB_FRAME
from chatops.protocol.messages import Error, Message, Ping, Pong
from chatops.protocol.session.heartbeat import Heartbeat, Pulse

_FINAL: Final[dict[str, type[ChatOpsError]]] = {
    InvalidInput.code: InvalidInput,
    closing.NOT_FOUND.name: NotFound,
    closing.SERVER_REMOVED.name: NotFound,
    closing.NOT_PERMITTED.name: NotPermitted,
    closing.NOT_SIGNED_IN.name: NotSignedIn,
}
_HINTS: Final = {
    closing.NOT_FOUND.name: "`chatops servers list` shows those you may see",
    closing.NOT_PERMITTED.name: closing.WHO_GRANTS,
    closing.NOT_SIGNED_IN.name: "sign in again: chatops login",
}
_CLOSING: Final = 1.0
"""Seconds that a hub gets to answer a close."""
_GONE: Final = (OSError, EOFError, ConnectionClosed, WebSocketException)


class _Connection(ClientConnection):
    recv_bufsize = MAX_COPY_DATA


class Lost(Exception):
    """The connection is gone; another attempt may succeed."""


class Channel:
    """A connection's life. ``send`` may be called by another thread than ``messages``."""

    def __init__(self, socket: ClientConnection, clock: Clock, codec: Codec[ToClient]) -> None:
        self._socket = socket
        self._clock = clock
        self._codec = codec
        self._pulse = Heartbeat(clock.monotonic())

    def messages(self) -> Generator[ToClient | StreamFrame, None, None]:
        """What the hub sends, until it has nothing more to say.

        Raises:
            Lost: the connection ended otherwise, or the hub is silent.
            NotFound, NotPermitted, NotSignedIn: the hub refuses for good.
        """
        try:
            while True:
                message = self._next()
                if isinstance(message, Error) and message.code == closing.DONE.name:
                    return
                if isinstance(message, Error):
                    raise _refusal(message)
                if isinstance(message, Ping):
                    self.send(Pong(id=message.id))
                elif message is not None:
                    yield message
        except _GONE as error:
            if isinstance(error, ConnectionClosed) and _is_done(error):
                return
            raise Lost(_reason(error)) from error

    def send(self, message: Message | bytes) -> None:
        """A message, or the bytes of a binary frame.

        Raises:
            Lost: the connection is gone.
        """
        try:
            self._socket.send(message if isinstance(message, bytes) else encode(message))
        except _GONE as error:
            raise Lost(_reason(error)) from error

    def close(self) -> None:
        """End it; who reads ``messages`` in another thread sees it as lost."""
        self._socket.close()

    def _next(self) -> ToClient | StreamFrame | None:
        wait = self._pulse.next_check(self._clock.monotonic())
        try:
            frame = self._socket.recv(timeout=wait)
        except TimeoutError:
            self._check()
            return None
        self._pulse.heard(self._clock.monotonic())
        if isinstance(frame, bytes):
            return decode_frame(frame)
        try:
            return self._codec.decode(frame)
        except UnusableFrame:  # from a newer hub
            return None

    def _check(self) -> None:
        due = self._pulse.check(self._clock.monotonic())
        if due is Pulse.DEAD:
            raise Lost("the hub is silent")
        if due is Pulse.PING:
            self.send(Ping())


@contextmanager
def opened(
    session: Session, path: str, clock: Clock, codec: Codec[ToClient], window: int | None = None
) -> Generator[Channel, None, None]:
    """A channel on ``path`` below ``/api/v1/ws``; the token was sent, its answer is to come. With
    ``window`` no more bytes than about that are on their way at a time.

    Raises:
        Lost: there is no connection to be had.
    """
    # TLS and the hub's identity are the transport's business, hence ws:// and a socket.
    address = session.address
    try:
        carrier = session.transport.connect()
        if window is not None:
            carrier.setsockopt(SOL_SOCKET, SO_RCVBUF, window)
        socket = connect(
            f"ws://{address.authority}{address.prefix}{API}/ws{path}",
            sock=shareable(carrier), compression=None, ping_interval=None,
            max_size=MAX_HUB_FRAME, close_timeout=_CLOSING, proxy=None,
            create_connection=_Connection,
        )  # fmt: skip
    except _GONE as error:
        raise Lost(_reason(error)) from error
    with socket:
        channel = Channel(socket, clock, codec)
        channel.send(ClientAuth(token=session.token or ""))
        yield channel


def renew(session: Session) -> bool:
    """Whether a refused token could be replaced by a fresh one."""
    if session.renew is None or session.token is None:
        return False
    fresh = session.renew(session.token)
    session.token = fresh or session.token
    return fresh is not None


def _refusal(error: Error) -> Exception:
    kind = _FINAL.get(error.code)
    return kind(error.message, hint=_HINTS.get(error.code)) if kind else Lost(error.message)


def _is_done(error: ConnectionClosed) -> bool:
    return error.rcvd is not None and error.rcvd.reason == closing.DONE.name


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed):
        name = error.rcvd.reason if error.rcvd is not None else ""
        known = closing.REASONS.get(name)
        return known.text if known else "the connection was closed"
    if isinstance(error, OSError):
        return (error.strerror or str(error)).lower()
    return str(error)
