"""HTTP below the application: what cannot be read as a request is an error like any other."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

from aiohttp import http_exceptions, web

from chatops.errors import ChatOpsError, InternalError, Malformed
from chatops.server.middleware import error_response

LINGER: Final = 1.0
"""Seconds for which a body that nobody wants is still read, so that its sender sees the answer."""
KEEP_ALIVE: Final = 75.0
_log = logging.getLogger(__name__)
_NO_LOG = logging.getLogger("aiohttp.access")  # at warning level: it writes no line


class HubRunner(web.AppRunner):
    """Runs an application whose protocol errors have the hub's shape too."""

    async def _make_server(self) -> web.Server:
        server = await super()._make_server()
        return HubServer(server.request_handler, request_factory=server.request_factory)


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


def _as_error(status: int, exc: BaseException | None) -> ChatOpsError:
    if status >= 500:
        return InternalError("the hub had an internal fault", hint="its log has the details")
    if isinstance(exc, http_exceptions.LineTooLong):
        return Malformed("a line of the request is too long: its path, query or a header")
    return Malformed("this is no HTTP request that the hub understands")
