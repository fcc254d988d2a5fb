"""/api/v1/ws/metrics: some values of many servers and their alerts, live, over one socket."""

from __future__ import annotations

from aiohttp import web

from chatops.errors import InvalidInput
from chatops.protocol import closing
from chatops.protocol.client_messages import FromClient, Watch, from_client
from chatops.protocol.codec import encode
from chatops.protocol.limits import MAX_CLIENT_FRAME, MAX_HISTORY_METRICS
from chatops.protocol.target import Target, parse_target
from chatops.server.authentication import welcome
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.fleet_watchers import FleetWatcher, Wanted
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.looking import Looking, let_in
from chatops.server.ws.sockets import Route, Waiting, accept, first_message, token_of, told
from chatops.server.ws.subscriptions import HEARTBEAT, greeting, listen
from chatops.tasks import Tasks


def make_fleet_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the fleet's socket."""

    async def fleet_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_CLIENT_FRAME,
            buffer=services.settings.subscriber_buffer, heartbeat=HEARTBEAT,
        )  # fmt: skip
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            principal = await let_in(services, token_of(first))
            welcome(request)
            await _serve(services, principal, token_of(first), socket, connection)
        return socket

    return fleet_ws


async def _serve(
    services: Services,
    principal: Principal,
    token: str,
    socket: web.WebSocketResponse,
    connection: SocketConnection,
) -> None:
    watcher = FleetWatcher(connection, principal.holder)
    watching = _Watching(services, token, watcher)
    services.subscribers.fleets.add(watcher)
    try:
        connection.post(encode(greeting(services, principal)))
        # Who is not looked after any more must not go on watching.
        async with Tasks(lambda _: connection.close(closing.INTERNAL)) as own:
            own.spawn(watching.looking.run(), name="look at a fleet watcher's servers")
            await listen(socket, connection, watching.take)
    finally:
        services.subscribers.fleets.remove(watcher)


class _Watching:
    """What the client asks for."""

    def __init__(self, services: Services, token: str, watcher: FleetWatcher) -> None:
        self.looking = Looking(services, token, watcher, self._find)
        self._services = services
        self._watcher = watcher
        self._target: Target | None = None

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
        self.looking.ask()

    async def _find(self, principal: Principal) -> frozenset[str] | None:
        if self._target is None:
            return None
        return await self._services.metrics.watched(principal, self._target)
