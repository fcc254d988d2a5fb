"""What every HTTP request passes through: log line, error shape, rate limit, security headers."""

from __future__ import annotations

import logging
import time
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from chatops.errors import (
    STATUS,
    ChatOpsError,
    InternalError,
    Malformed,
    MethodNotAllowed,
    NotFound,
    NotSignedIn,
    TooLarge,
    TooManyRequests,
)
from chatops.protocol.rest import ErrorBody, ErrorDetail
from chatops.redaction import strike
from chatops.server.api.operation import PREFIX
from chatops.server.authentication import authenticate
from chatops.server.context import Services
from chatops.server.services.limiter import network_of

_log = logging.getLogger(__name__)
_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def error_response(error: ChatOpsError) -> web.Response:
    """The one shape in which errors leave the hub."""
    detail = ErrorDetail(
        code=error.code, message=strike(error.message), hint=error.hint, details=error.details
    )
    headers = dict(_HEADERS)
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(max(1, round(error.retry_after + 0.5)))
    elif error.code == "busy":
        headers["Retry-After"] = "1"
    elif isinstance(error, MethodNotAllowed) and error.details:
        headers["Allow"] = error.details["allowed"]
    elif isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(
        body=msgspec.json.encode(ErrorBody(error=detail)),
        status=STATUS[error.code],
        content_type="application/json",
        headers=headers,
    )


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on that every answer has, streamed ones too (a signal of aiohttp's)."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)


def make_middlewares(services: Services) -> list[Middleware]:
    """Outermost first."""

    @web.middleware
    async def outer(request: web.Request, handler: Handler) -> web.StreamResponse:
        started = time.perf_counter()
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001  (the last resort of every request)
            response = error_response(_as_error(request, error))
        services.answers[response.status] += 1
        _log_request(request, response.status, time.perf_counter() - started)
        return response

    @web.middleware
    async def let_in(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Not too many, and to unknown paths nobody unknown. Each frame that stands here stands
        there for as long as an agent is connected, so there is one for both."""
        wait = services.requests.take(network_of(request.remote), services.clock.monotonic())
        if wait:
            raise TooManyRequests("too many requests from this address", retry_after=wait)
        if request.match_info.http_exception is not None and request.path.startswith(PREFIX):
            await authenticate(services, request)
        return await handler(request)

    return [outer, let_in]


def _as_error(request: web.Request, error: Exception) -> ChatOpsError:
    if isinstance(error, ChatOpsError):
        return error
    if isinstance(error, web.HTTPException):
        return _from_http(request, error)
    if isinstance(error, ConnectionError) and _is_gone(request):
        return Malformed("the peer left before it was answered")
    _log.error("%s %s failed", request.method, request.path, exc_info=error)
    return InternalError("the hub had an internal fault", hint="its log has the details")


def _is_gone(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _from_http(request: web.Request, error: web.HTTPException) -> ChatOpsError:
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return MethodNotAllowed(
            f"{request.path} does not take {request.method}, only {allowed}",
            details={"allowed": allowed},
        )
    if isinstance(error, web.HTTPNotFound):
        return NotFound(f"there is nothing at {request.path[:200]}", hint="see /docs")
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge("the body is over the limit")
    return Malformed(f"the request is not usable: {error.reason}")


def _log_request(request: web.Request, status: int, seconds: float) -> None:
    level = logging.DEBUG if status < 500 else logging.WARNING
    _log.log(
        level, "%s %s %d", request.method, request.path, status,
        extra={"address": request.remote, "ms": f"{seconds * 1000:.1f}"},
    )  # fmt: skip
