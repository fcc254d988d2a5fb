"""/api/v1/ws/logs and /api/v1/ws/logs/{server}: stored lines of servers, and those that come."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from aiohttp import web

from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol import closing
from chatops.protocol.client_messages import (
    Dropped,
    DroppedEvent,
    LogEvent,
    LogPage,
    LogsEvent,
    Tail,
    from_client,
)
from chatops.protocol.codec import encode
from chatops.protocol.integers import Count
from chatops.protocol.limits import MAX_CLIENT_FRAME
from chatops.protocol.rest import LogLevel
from chatops.server.authentication import welcome
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.log_reading import Page, Wanted
from chatops.server.services.log_tails import LogTail
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.listening import SocketEnded
from chatops.server.ws.log_streaming import LogStreaming
from chatops.server.ws.looking import let_in
from chatops.server.ws.sockets import (
    Route,
    Waiting,
    accept,
    first_message,
    refusal,
    token_of,
    told,
)
from chatops.server.ws.subscriptions import HEARTBEAT, greeting, listen
from chatops.tasks import Tasks
from chatops.units import format_time


class LogQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The same of one server, in its path's query: the last ``n`` lines, or those ``after`` the
    ``id`` of one, and what comes; of ``level`` or worse, in which ``grep`` is found."""

    n: Count = 100
    after: Count | None = None
    level: LogLevel | None = None
    grep: str | None = None


def make_logs_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the socket for many servers, for which a ``tail`` message asks."""

    async def logs_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await _accept(services, request, tasks, waiting)
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            principal = await let_in(services, token_of(first))
            welcome(request)
            tail = LogTail(connection, principal.holder)
            streaming = LogStreaming(services, token_of(first), connection, tail, _pages)
            await _serve(services, socket, principal, streaming)
        return socket

    return logs_ws


def make_log_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the socket for one server, whose query says what is wanted."""

    async def log_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await _accept(services, request, tasks, waiting)
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            principal = await let_in(services, token_of(first))
            try:
                server = await services.servers.name_of(principal, request.match_info["server"])
            except ChatOpsError as error:
                raise refusal(error) from None
            tail = LogTail(connection, principal.holder, alerts=True)
            streaming = LogStreaming(services, token_of(first), connection, tail, _entries)
            _ask(streaming, request, server.id)
            welcome(request)
            await _serve(services, socket, principal, streaming, server.id)
        return socket

    return log_ws


async def _accept(
    services: Services, request: web.Request, tasks: Tasks, waiting: Waiting
) -> tuple[web.WebSocketResponse, SocketConnection]:
    return await accept(
        request, tasks, waiting, max_frame=MAX_CLIENT_FRAME,
        buffer=services.settings.subscriber_buffer, heartbeat=HEARTBEAT,
    )  # fmt: skip


def _ask(streaming: LogStreaming, request: web.Request, server_id: str) -> None:
    try:
        query = msgspec.convert(dict(request.query), LogQuery, strict=False)
        streaming.take(Tail(server_id, query.n, query.after, query.level, query.grep))
    except (msgspec.ValidationError, InvalidInput) as error:
        raise SocketEnded(closing.MALFORMED, f"in the query: {error}") from None


async def _serve(
    services: Services,
    socket: web.WebSocketResponse,
    principal: Principal,
    streaming: LogStreaming,
    server_id: str | None = None,
) -> None:
    connection, tails = streaming.connection, services.subscribers.tails
    tails.add(streaming.tail)
    try:
        connection.post(encode(greeting(services, principal, server_id)))
        # Who is not looked after any more must not go on watching.
        async with Tasks(lambda _: connection.close(closing.INTERNAL)) as own:
            own.spawn(streaming.looking.run(), name="look at the servers of a log")
            own.spawn(streaming.run(), name="send a log")
            await listen(socket, connection, streaming.take)
    finally:
        tails.remove(streaming.tail)


def _pages(page: Page, wanted: Wanted, since: float | None) -> Iterable[str]:
    """For many servers: a page is a message."""
    yield encode(
        LogsEvent(
            data=LogPage(
                after=page.after,
                entries=[wanted.entry(row) for row in page.rows],
                left_out=page.left_out,
                gap=page.gap,
                since=None if since is None else format_time(since),
                none=not wanted.servers,
            )
        )
    )


def _entries(page: Page, wanted: Wanted, _since: float | None) -> Iterable[str]:
    """For one server: an entry is a message."""
    if page.left_out or page.gap:
        yield encode(DroppedEvent(data=Dropped(page.left_out, page.gap)))
    for row in page.rows:
        yield encode(LogEvent(data=wanted.entry(row), id=row.id))
