"""/api/v1/ws/metrics: some values of many servers and their alerts, live, over one socket."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol import closing
from chatops.protocol.client_messages import FromClient, Watch, from_client
from chatops.protocol.codec import encode
from chatops.protocol.limits import FLEET_LOOK, MAX_CLIENT_FRAME, MAX_HISTORY_METRICS
from chatops.protocol.target import Target, parse_target
from chatops.server.authentication import verified, welcome
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.fleet_watchers import FleetWatcher, Wanted
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.sockets import (
    Route,
    SocketEnded,
    Waiting,
    accept,
    first_message,
    refusal,
    token_of,
    told,
)
from chatops.server.ws.subscriptions import HEARTBEAT, greeting, listen
from chatops.tasks import Tasks

_ENDED: Final = (closing.NOT_SIGNED_IN, closing.NOT_PERMITTED)


def make_fleet_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the fleet's socket."""

    async def fleet_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_CLIENT_FRAME,
            buffer=services.settings.subscriber_buffer, heartbeat=HEARTBEAT,
        )  # fmt: skip
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            principal = await _let_in(services, token_of(first))
            welcome(request)
            await _serve(services, principal, token_of(first), socket, connection)
        return socket

    return fleet_ws


async def _let_in(services: Services, token: str) -> Principal:
    try:
        return await verified(services, token)
    except ChatOpsError as error:
        raise refusal(error) from None


async def _serve(
    services: Services,
    principal: Principal,
    token: str,
    socket: web.WebSocketResponse,
    connection: SocketConnection,
) -> None:
    watcher = FleetWatcher(connection, principal.holder)
    looking = _Looking(services, token, watcher)
    services.subscribers.fleets.add(watcher)
    try:
        connection.post(encode(greeting(services, principal)))
        # Who is not looked after any more must not go on watching.
        async with Tasks(lambda _: connection.close(closing.INTERNAL)) as own:
            own.spawn(looking.run(), name="look at a fleet watcher's servers")
            await listen(socket, connection, looking.take)
    finally:
        services.subscribers.fleets.remove(watcher)


class _Looking:
    """Keeps to what a watcher may see of its TARGET: looks at the token and the fleet when it is
    asked to, and now and then."""

    def __init__(self, services: Services, token: str, watcher: FleetWatcher) -> None:
        self._services = services
        self._token = token
        self._watcher = watcher
        self._target: Target | None = None
        self._asked = asyncio.Event()

    def take(self, message: FromClient) -> None:
        """What the client says: a ``watch``, or what has no meaning here.

        Raises:
            InvalidInput: it asks for what there is not.
        """
        if not isinstance(message, Watch):
            return
        if not 0 < len(message.metrics) <= MAX_HISTORY_METRICS:
            raise InvalidInput(f"a watch takes 1 to {MAX_HISTORY_METRICS} METRICs")
        wanted, target = Wanted.of(message.metrics), parse_target(message.target)
        self._watcher.wanted, self._target = wanted, target
        self._watcher.alerts = message.alerts
        self._asked.set()

    async def run(self) -> None:
        """Until the token has ended; the client renews it and is back at once."""
        try:
            while True:
                self._asked.clear()
                await self._look()
                try:
                    async with asyncio.timeout(FLEET_LOOK):
                        await self._asked.wait()
                except TimeoutError:
                    pass
        except SocketEnded as end:
            self._watcher.connection.close(end.reason or closing.INTERNAL, end.message)

    async def _look(self) -> None:
        """Rights that are taken while they are being read are not used: see Followings."""
        try:
            principal = await _let_in(self._services, self._token)
            if self._target is None:
                return
            found = await self._services.metrics.watched(principal, self._target)
        except SocketEnded as end:
            if end.reason in _ENDED:
                raise
            return  # the hub is busy, and looks again
        except ChatOpsError:
            return  # the same
        cuts = self._services.runs.followed.since(principal.since, principal.holder, found)
        if any(cut.loss.server_id is None for cut in cuts):
            raise SocketEnded(closing.NOT_SIGNED_IN)
        self._watcher.server_ids = found - {cut.loss.server_id or "" for cut in cuts}
