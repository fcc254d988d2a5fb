"""HTTP below the application: what cannot be read as a request is an error like any other."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, Final, cast

from aiohttp import hdrs, http_exceptions, web
from aiohttp.http import RawRequestMessage
from multidict import CIMultiDict, CIMultiDictProxy

from chatops.errors import ChatOpsError, InternalError, Malformed
from chatops.protocol.limits import HEAD_TIMEOUT, KEEP_ALIVE, MAX_HEADERS
from chatops.server.gate import Gate, Visitor
from chatops.server.listener import Listener
from chatops.server.middleware import error_response
from chatops.server.proxies import Proxies

LINGER: Final = 1.0
"""Seconds for which a body that nobody wants is still read, so that its sender sees the answer."""
_CONTINUE: Final = "100-continue"
_NO_HEADERS: Final = CIMultiDictProxy[str](CIMultiDict())
_log = logging.getLogger(__name__)
_NO_LOG = logging.getLogger("aiohttp.access")  # at warning level: it writes no line
Factory = Callable[..., web.BaseRequest]


class HubRunner(web.AppRunner):
    """Runs an application whose protocol errors have the hub's shape too, whose requests come
    from whom trusted proxies say, and whose connections pass a gate."""

    def __init__(self, app: web.Application, proxies: Proxies, gate: Gate, **options: Any) -> None:
        super().__init__(app, **options)
        self._proxies = proxies
        self.gate = gate

    async def _make_server(self) -> HubServer:
        server = await super()._make_server()
        factory = server.request_factory
        if self._proxies:
            factory = _seen_through(self._proxies, factory)
        factory = _expecting_nothing_else(_announced(factory))
        return HubServer(server.request_handler, factory, self.gate)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens: host and port, the first if there are several."""
        (site,) = self.sites
        assert isinstance(site, HubSite)
        host, port = site.sockets[0].getsockname()[:2]
        return str(host), int(port)


class HubSite(web.BaseSite):
    """What listens on bound sockets, with TLS if there is a context."""

    def __init__(
        self, runner: HubRunner, sockets: list[socket.socket], context: ssl.SSLContext | None
    ) -> None:
        super().__init__(runner, ssl_context=context)
        self._hub_runner = runner
        self.sockets: Final = sockets
        self._listener: Listener | None = None

    @property
    def name(self) -> str:
        """What aiohttp calls it."""
        return ", ".join(str(one.getsockname()) for one in self.sockets)

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: another program has begun to listen there.
        """
        await super().start()
        server = self._hub_runner.server
        assert isinstance(server, HubServer)
        self._listener = Listener(
            self.sockets, self._hub_runner.gate, server.connection, _refusal, self._ssl_context
        )

    async def stop(self) -> None:
        """Listen no more; what was accepted goes on."""
        if self._listener is not None:
            self._listener.close()
            await self._listener.closed()
        await super().stop()


class HubServer(web.Server):
    """Makes our kind of handler for each connection."""

    def __init__(self, handler: Any, factory: Factory, gate: Gate) -> None:
        super().__init__(handler, request_factory=factory)
        self._gate = gate

    def connection(self, visitor: Visitor) -> HubRequestHandler:
        """What speaks with a visitor."""
        return HubRequestHandler(self, visitor, self._gate)


class _Requests(deque[Any]):
    """aiohttp's queue of requests, which gives out the mere place of one: who takes it remembers
    it until the next one comes, and that of an agent's socket with its head takes 2 KB. The
    request is ``taken`` then."""

    taken: RawRequestMessage | None = None

    def popleft(self) -> Any:
        message, payload = super().popleft()
        if not isinstance(message, RawRequestMessage):
            return message, payload
        self.taken = message
        return None, payload


class HubRequestHandler(web.RequestHandler):
    """One connection. A stranger's garbage is worth a line at debug level, and no traceback."""

    __slots__ = ("_before", "_deaf", "_gate", "_hurry", "_more", "_room", "_since", "_visitor")

    def __init__(self, server: HubServer, visitor: Visitor, gate: Gate) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=_NO_LOG,
            lingering_time=LINGER,
            keepalive_timeout=KEEP_ALIVE,
            max_headers=MAX_HEADERS,
            # None of our clients compresses, and what cannot be unpacked would be a fault of ours.
            auto_decompress=False,
        )
        self._messages = _Requests()
        self._gate = gate
        self._visitor = visitor
        self._hurry: asyncio.TimerHandle | None = None
        self._deaf = False
        """What comes after something that was no request is not looked at."""
        self._before = 0
        self._since = 0
        self._room: int | None = None
        self._more: Callable[[], int] = _nothing_more

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        abort = cast("asyncio.Transport", transport).abort  # uvloop's is no subclass of it
        self._visitor.abort = abort
        self._hurry = asyncio.get_running_loop().call_later(HEAD_TIMEOUT, abort)

    def connection_lost(self, exc: BaseException | None) -> None:
        self._in_time()
        self._gate.leave(self._visitor)
        super().connection_lost(exc)

    def take(self) -> RawRequestMessage:
        """The request that was just given out."""
        requests = self._messages
        assert isinstance(requests, _Requests)
        assert requests.taken is not None
        message, requests.taken = requests.taken, None
        return message

    def head_came(self) -> None:
        """A request's head is there. The next one has time until the keep-alive is over."""
        self._in_time()
        self._before, self._since = self._since, 0
        self._gate.stir(self._visitor)

    def welcome(self) -> None:
        """The peer has signed in."""
        self._room, self._more = None, _nothing_more
        if self._payload_parser is not None:  # a socket: no request will follow
            self._forget_head()
        self._gate.welcome(self._visitor)

    def _forget_head(self) -> None:
        """Of each agent that is connected, the parser, the head that it read and the queue of
        requests take 5 KB."""
        self._parser = None
        self._messages = ()  # type: ignore[assignment]  # no request is taken from it any more
        if (request := self._current_request) is not None:
            request._headers = _NO_HEADERS
            request._cache.pop("headers", None)
            request._message = request._message._replace(headers=_NO_HEADERS, raw_headers=())

    def bound(self, room: int, more: Callable[[], int]) -> None:
        """Until it has signed in the peer may send ``room`` bytes, those of this request and what
        came with it among them. Beyond that ``more`` is asked how many it gives; without any
        nothing is taken any more."""
        self._room, self._more = room, more
        self._use(self._before + self._since)

    def data_received(self, data: bytes) -> None:
        self._since += len(data)
        if self._deaf or not (self._room is None or self._use(len(data))):
            return
        super().data_received(data)
        for message, _ in self._messages:
            if (error := getattr(message, "exc", None)) is not None:
                self._deaf = True
                _forget_where(error)

    def _use(self, count: int) -> bool:
        assert self._room is not None
        self._room -= count
        if self._room < 0:
            self._room += self._more()
        return self._room >= 0

    def _in_time(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        _forget_where(exc)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun; no other can follow")
        response = error_response(_as_error(status, exc))
        response.force_close()
        if status >= 500:
            _log.error("a request failed below the application", exc_info=exc)
        else:
            _log.debug(
                "not a request", extra={"address": request.remote, "why": type(exc).__name__}
            )
        return response


def _nothing_more() -> int:
    return 0


def _forget_where(error: BaseException | None) -> None:
    """A protocol error keeps the frame that keeps it, with all that was read there, until the
    garbage collector comes: strangers could fill the memory with it."""
    if isinstance(error, http_exceptions.HttpProcessingError):
        error.__traceback__ = None


def _seen_through(proxies: Proxies, factory: Factory) -> Factory:
    def make(*arguments: Any) -> web.BaseRequest:
        return proxies.seen_through(factory(*arguments))

    return make


def _announced(factory: Factory) -> Factory:
    def make(*arguments: Any) -> web.BaseRequest:
        request = factory(*arguments)
        if isinstance(request.protocol, HubRequestHandler):
            request.protocol.head_came()
        return request

    return make


def _expecting_nothing_else(factory: Factory) -> Factory:
    """What a request expects beside ``100-continue`` is left out, as HTTP allows it; aiohttp would
    refuse the request in a form of its own."""

    def make(message: RawRequestMessage | None, *rest: Any) -> web.BaseRequest:
        if message is None:
            message = rest[1].take()
        if message.headers.get(hdrs.EXPECT, _CONTINUE).lower() != _CONTINUE:
            headers = CIMultiDict(message.headers)
            del headers[hdrs.EXPECT]
            message = message._replace(headers=CIMultiDictProxy(headers))
        return factory(message, *rest)

    return make


def _refusal(error: ChatOpsError) -> bytes:
    """The same answer as a request would get, for a connection that is not let in."""
    answer = error_response(error)
    body = answer.body
    assert isinstance(body, bytes)
    answer.headers["Content-Length"] = str(len(body))
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _as_error(status: int, exc: BaseException | None) -> ChatOpsError:
    if status >= 500:
        return InternalError("the hub had an internal fault", hint="its log has the details")
    if isinstance(exc, http_exceptions.LineTooLong):
        return Malformed("a line of the request is too long: its path, query or a header")
    return Malformed("this is no HTTP request that the hub understands")
