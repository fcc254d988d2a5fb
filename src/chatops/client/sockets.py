"""Live subscriptions over WebSocket: made again when lost, and never silently dead."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator
from typing import Final, Literal

from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect

from chatops.client.session import API, Session, segment
from chatops.clock import Clock, SystemClock
from chatops.errors import ChatOpsError, HubUnreachable, NotFound, NotPermitted, NotSignedIn
from chatops.protocol import closing
from chatops.protocol.client_messages import ClientAuth, MetricsEvent, ToClient, to_client
from chatops.protocol.codec import Codec, UnusableFrame, encode
from chatops.protocol.limits import MAX_HUB_FRAME
from chatops.protocol.messages import Error, Message, Ping, Pong
from chatops.protocol.rest import ServerSample
from chatops.protocol.session.backoff import Backoff
from chatops.protocol.session.heartbeat import Heartbeat, Pulse

_FINAL: Final[dict[str, type[ChatOpsError]]] = {
    closing.NOT_FOUND.name: NotFound,
    closing.SERVER_REMOVED.name: NotFound,
    closing.NOT_PERMITTED.name: NotPermitted,
    closing.NOT_SIGNED_IN.name: NotSignedIn,
}
_GONE: Final = (OSError, EOFError, ConnectionClosed, WebSocketException)


Link = Literal["lost", "back"]
"""What becomes of a subscription's connection."""


class _Lost(Exception):
    """The connection is gone; another attempt may succeed."""


def subscribe(
    session: Session,
    server: str,
    clock: Clock | None = None,
    *,
    on_change: Callable[[Link], None] | None = None,
) -> Generator[ServerSample, None, None]:
    """Samples of one server for ever (see Metrics.watch)."""
    # Made here, by who calls: threads that build msgspec's decoder of one type at the same
    # time crash the process. The threads that follow share it.
    tell = on_change or (lambda _: None)
    return _follow(session, server, clock or SystemClock(), to_client(), tell)


def _follow(
    session: Session,
    server: str,
    clock: Clock,
    codec: Codec[ToClient],
    tell: Callable[[Link], None],
) -> Generator[ServerSample, None, None]:
    backoff = Backoff()
    ever = renewed = away = False
    while True:
        started = clock.monotonic()
        try:
            for sample in _Subscription(session, server, clock, codec).samples():
                if away:
                    tell("back")
                ever, renewed, away = True, False, False
                yield sample
        except NotSignedIn:
            if renewed or not _renew(session):
                raise
            renewed = True
        except _Lost as error:
            if not ever:
                raise HubUnreachable(
                    f"no live metrics from the hub at {session.address.url}: {error}",
                    hint="`chatops status` tells whether the hub is there",
                ) from None
            if not away:
                tell("lost")
            away = True
            time.sleep(backoff.ended(started, clock.monotonic()))


def _renew(session: Session) -> bool:
    if session.renew is None or session.token is None:
        return False
    fresh = session.renew(session.token)
    session.token = fresh or session.token
    return fresh is not None


class _Subscription:
    """One connection's life."""

    def __init__(self, session: Session, server: str, clock: Clock, codec: Codec[ToClient]) -> None:
        self._session = session
        self._codec = codec
        self._path = f"{session.address.prefix}{API}/ws/metrics/{segment(server)}"
        self._clock = clock
        self._pulse = Heartbeat(clock.monotonic())

    def samples(self) -> Iterator[ServerSample]:
        try:
            with self._open() as socket:
                socket.send(encode(ClientAuth(token=self._session.token or "")))
                yield from self._read(socket)
        except _GONE as error:
            raise _Lost(str(error)) from error

    def _open(self) -> ClientConnection:
        # TLS and the hub's identity are the transport's business, hence ws:// and a socket.
        address = self._session.address
        return connect(
            f"ws://{address.authority}{self._path}",
            sock=self._session.transport.connect(),
            compression=None,
            ping_interval=None,
            max_size=MAX_HUB_FRAME,
            proxy=None,
        )

    def _read(self, socket: ClientConnection) -> Iterator[ServerSample]:
        while True:
            message = self._next(socket)
            if isinstance(message, MetricsEvent):
                yield message.data
            elif isinstance(message, Ping):
                socket.send(encode(Pong(id=message.id)))
            elif isinstance(message, Error):
                raise _refusal(message)

    def _next(self, socket: ClientConnection) -> ToClient | None:
        wait = self._pulse.next_check(self._clock.monotonic())
        try:
            frame = socket.recv(timeout=wait)
        except TimeoutError:
            self._check(socket)
            return None
        self._pulse.heard(self._clock.monotonic())
        try:
            return self._codec.decode(frame)
        except UnusableFrame:  # from a newer hub
            return None

    def _check(self, socket: ClientConnection) -> None:
        due = self._pulse.check(self._clock.monotonic())
        if due is Pulse.DEAD:
            raise _Lost("the hub is silent")
        if due is Pulse.PING:
            ping: Message = Ping()
            socket.send(encode(ping))


def _refusal(error: Error) -> Exception:
    kind = _FINAL.get(error.code)
    return kind(error.message) if kind else _Lost(error.message)
