"""HTTP below the application: what cannot be read as a request is an error like any other."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final

from aiohttp import http_exceptions, web

from chatops.errors import ChatOpsError, InternalError, Malformed
from chatops.server.middleware import error_response
from chatops.server.proxies import Proxies

LINGER: Final = 1.0
"""Seconds for which a body that nobody wants is still read, so that its sender sees the answer."""
KEEP_ALIVE: Final = 75.0
HANDSHAKE: Final = 10.0
"""Seconds for a TLS handshake."""
SHUTDOWN: Final = 3.0
"""Seconds for the goodbye of TLS."""
BACKLOG: Final = 1024
_log = logging.getLogger(__name__)
_NO_LOG = logging.getLogger("aiohttp.access")  # at warning level: it writes no line


class HubRunner(web.AppRunner):
    """Runs an application whose protocol errors have the hub's shape too, and whose requests
    come from whom trusted proxies say."""

    def __init__(self, app: web.Application, proxies: Proxies, **options: Any) -> None:
        super().__init__(app, **options)
        self._proxies = proxies

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        factory = server.request_factory
        if self._proxies:
            factory = _seen_through(self._proxies, factory)
        return HubServer(server.request_handler, request_factory=factory)


class HubSite(web.BaseSite):
    """A listening address, with TLS if there is a context."""

    def __init__(
        self, runner: HubRunner, host: str, port: int, context: ssl.SSLContext | None
    ) -> None:
        super().__init__(runner, ssl_context=context, backlog=BACKLOG)
        self._host = host
        self._port = port

    @property
    def name(self) -> str:
        """What aiohttp calls it."""
        return f"{self._host}:{self._port}"

    async def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address cannot be had.
        """
        await super().start()
        assert self._runner.server is not None
        secure = self._ssl_context is not None
        self._server = await asyncio.get_running_loop().create_server(
            self._runner.server,
            self._host,
            self._port,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=HANDSHAKE if secure else None,
            ssl_shutdown_timeout=SHUTDOWN if secure else None,
        )


class HubServer(web.Server):
    """Makes our kind of handler for each connection."""

    def __call__(self) -> HubRequestHandler:
        loop = asyncio.get_running_loop()
        return HubRequestHandler(
            self, loop=loop, access_log=_NO_LOG, lingering_time=LINGER, keepalive_timeout=KEEP_ALIVE
        )


class HubRequestHandler(web.RequestHandler):
    """One connection. A stranger's garbage is worth a line at debug level, and no traceback."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
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


def _seen_through(
    proxies: Proxies, factory: Callable[..., web.BaseRequest]
) -> Callable[..., web.BaseRequest]:
    def make(*arguments: Any) -> web.BaseRequest:
        return proxies.seen_through(factory(*arguments))

    return make


def _as_error(status: int, exc: BaseException | None) -> ChatOpsError:
    if status >= 500:
        return InternalError("the hub had an internal fault", hint="its log has the details")
    if isinstance(exc, http_exceptions.LineTooLong):
        return Malformed("a line of the request is too long: its path, query or a header")
    return Malformed("this is no HTTP request that the hub understands")
