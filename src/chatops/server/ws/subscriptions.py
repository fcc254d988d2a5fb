"""/api/v1/ws/metrics/{server}: a server's samples, live."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from chatops.errors import ChatOpsError, InvalidInput, NoSample
from chatops.protocol import closing
from chatops.protocol.client_messages import (
    ClientAuthSuccess,
    FromClient,
    MetricsEvent,
    from_client,
)
from chatops.protocol.codec import UnusableFrame, encode
from chatops.protocol.limits import MAX_BAD_FRAMES, MAX_CLIENT_FRAME, TOKEN_CHECK
from chatops.protocol.messages import Error, Ping, Pong
from chatops.server.authentication import verified, welcome
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.server_finder import ServerName
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.listening import SocketEnded, receive
from chatops.server.ws.sockets import (
    Route,
    Waiting,
    accept,
    first_message,
    refusal,
    token_of,
    told,
)
from chatops.tasks import Tasks
from chatops.units import format_time

HEARTBEAT: Final = 20.0


def make_subscription_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the subscription to a server's samples."""

    async def subscription_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request,
            tasks,
            waiting,
            max_frame=MAX_CLIENT_FRAME,
            buffer=services.settings.subscriber_buffer,
            heartbeat=HEARTBEAT,
        )
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            principal, server = await _let_in(services, first, request.match_info["server"])
            welcome(request)
            # Who is not looked after any more must not go on watching.
            async with Tasks(lambda _: connection.close(closing.INTERNAL)) as own:
                checking = _stay_let_in(services, first, server, connection)
                own.spawn(checking, name="look at a subscriber's token")
                await _serve(services, principal, server, socket, connection)
        return socket

    return subscription_ws


async def _let_in(services: Services, first: FromClient, name: str) -> tuple[Principal, ServerName]:
    token = token_of(first)
    try:
        principal = await verified(services, token)
        return principal, await services.servers.name_of(principal, name)
    except ChatOpsError as error:
        raise refusal(error) from None


async def _stay_let_in(
    services: Services, first: FromClient, server: ServerName, connection: SocketConnection
) -> None:
    """Look at the token again now and then: one that has expired watches no longer. Its client
    renews it and is back at once."""
    while True:
        await asyncio.sleep(TOKEN_CHECK)
        try:
            await _let_in(services, first, server.id)
        except SocketEnded as end:
            if end.reason in (closing.NOT_SIGNED_IN, closing.NOT_FOUND):
                connection.close(end.reason, end.message)
                return


async def _serve(
    services: Services,
    principal: Principal,
    server: ServerName,
    socket: web.WebSocketResponse,
    connection: SocketConnection,
) -> None:
    services.subscribers.connect(connection, server.id, "metrics", holder=principal.holder)
    connection.post(encode(greeting(services, principal, server.id)))
    try:
        for cut in services.runs.followed.since(principal.since, principal.holder, [server.id]):
            raise refusal(cut.error)
        await _send_latest(services, server, connection)
        await listen(socket, connection)
    finally:
        services.subscribers.disconnect(connection, server.id)


async def _send_latest(
    services: Services, server: ServerName, connection: SocketConnection
) -> None:
    try:
        before = services.metrics.newest_at(server.id)
        sample = await services.metrics.latest(server.id, server.name)
    except NoSample:
        return
    if services.metrics.newest_at(server.id) == before:  # else a newer one went out meanwhile
        connection.post(encode(MetricsEvent(data=sample)))


def greeting(
    services: Services, principal: Principal, server_id: str | None = None
) -> ClientAuthSuccess:
    """What a client is told that was let in."""
    now = format_time(services.clock.now())
    return ClientAuthSuccess(server_id=server_id, user=principal.name, time=now)


async def listen(
    socket: web.WebSocketResponse,
    connection: SocketConnection,
    take: Callable[[FromClient], None] = lambda _: None,
) -> None:
    """Read what a client says until it goes: pings are answered, ``take`` is given the rest. What
    it cannot use (InvalidInput) is answered like a frame that cannot be read.

    Raises:
        SocketEnded: it went, or says nothing that makes sense.
    """
    bad = 0
    while True:
        frame = await receive(socket)
        try:
            if isinstance(frame, bytes):
                raise UnusableFrame("invalid_message", "binary frames have no meaning here")
            message = from_client().decode(frame)
            if isinstance(message, Ping):
                connection.post(encode(Pong(id=message.id)))
            else:
                take(message)
            bad = 0
        except (UnusableFrame, InvalidInput) as error:
            bad += 1
            code = error.reason if isinstance(error, UnusableFrame) else error.code
            connection.post(encode(Error(code=code, message=error.message)))
            if bad >= MAX_BAD_FRAMES:
                raise SocketEnded(closing.MALFORMED) from None
