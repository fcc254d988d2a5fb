"""Runs an operation: lets the caller in, reads query and body, writes the answer.

The order is fixed: authentication, role, path and query, body, handler. Whoever is not let
in learns nothing of what exists.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from aiohttp import web

from chatops.errors import NotFound, NotPermitted, NotSignedIn, TooManyRequests
from chatops.protocol.limits import MAX_OPEN_BODY
from chatops.server.api.operation import Call, Operation
from chatops.server.api.reading import read_body, read_query
from chatops.server.api.refusals import asked
from chatops.server.authentication import authenticate, let_in
from chatops.server.context import Services
from chatops.server.services.access import Access, Agent, Principal
from chatops.server.services.access_tokens import EXPIRED
from chatops.server.services.asked import Asked
from chatops.server.services.audit import Origin
from chatops.server.services.limiter import network_of

_log = logging.getLogger(__name__)
_encode = msgspec.json.Encoder().encode


def make_handler(
    operation: Operation, services: Services
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The aiohttp handler of one operation."""

    async def handle(request: web.Request) -> web.StreamResponse:
        with services.open_requests.held(network_of(request.remote)):
            return await answer(request)

    async def answer(request: web.Request) -> web.StreamResponse:
        caller = await _let_in(operation, services, request)
        query, body = read_query(request.query, operation.query), None
        if operation.body is not None:
            body = await read_body(_bounded(operation, request), operation.body)
            caller = await _let_in(operation, services, request)  # it may have come slowly
        call = Call(
            services=services,
            caller=caller,
            address=request.remote or "",
            path=request.match_info,
            query=query,
            body=body,
            request=request,
        )
        try:
            result = await operation.handler(call)
        except (NotPermitted, NotFound, TooManyRequests) as error:
            await _record_denial(operation, call, error)
            raise
        return result if isinstance(result, web.StreamResponse) else _answer(operation, result)

    return handle


def _bounded(operation: Operation, request: web.Request) -> web.Request:
    """The request with the limit on its body that holds for who may send it."""
    if operation.access is not Access.OPEN:
        return request
    return request.clone(client_max_size=MAX_OPEN_BODY)


async def _let_in(
    operation: Operation, services: Services, request: web.Request
) -> Principal | Agent | None:
    try:
        return await let_in(services, request, operation.access)
    except NotPermitted:
        principal = await authenticate(services, request)
        origin = Origin.of(principal, request.remote)
        await services.denials.record(origin, operation.action, lambda: asked(operation, request))
        raise
    except NotSignedIn as error:
        expired = (error.details or {}).get("reason") == EXPIRED  # it will be renewed
        if operation.changes and not expired:
            origin, path = Origin(request.remote), Asked(request.path)
            await services.denials.record(origin, operation.action, path)
        raise


async def _record_denial(
    operation: Operation,
    call: Call[Any, Any],
    error: NotPermitted | NotFound | TooManyRequests,
) -> None:
    """A role that does not suffice is always told; the rest where something was to change."""
    permitted = not isinstance(error, NotPermitted)
    if permitted and not operation.changes:
        return
    await call.services.denials.record(
        call.origin,
        operation.action,
        lambda: asked(operation, call.request, call.body),
        outcome=error.code if permitted else "denied",
    )


def _answer(operation: Operation, answer: object) -> web.Response:
    if operation.returns is None:
        return web.Response(status=204)
    made = operation.created is not None and isinstance(answer, operation.created)
    status = 201 if made else operation.status
    return web.Response(body=_encode(answer), status=status, content_type="application/json")
