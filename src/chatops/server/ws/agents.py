"""/api/v1/agents/ws: one agent's connection, from its first frame to its end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from aiohttp import web

from chatops import __version__
from chatops.errors import ProtocolError
from chatops.protocol import PROTOCOL_VERSION, closing
from chatops.protocol.codec import UnusableFrame, from_agent
from chatops.protocol.facts import SessionLimits
from chatops.protocol.feed_messages import FeedResponse
from chatops.protocol.frames import decode_frame
from chatops.protocol.limits import MAX_AGENT_BACKLOG, MAX_AGENT_FRAME, MAX_BAD_FRAMES
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    CommandResponse,
    DockerResponse,
    Error,
    Log,
    Message,
    Metrics,
    MetricsGap,
    Ping,
    Pong,
    ProcessesResponse,
    SnapshotResponse,
    StreamClose,
    StreamCredit,
)
from chatops.server.authentication import welcome
from chatops.server.context import Services
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.fleet import Fleet
from chatops.server.services.keys import AgentKey, KeyRefused
from chatops.server.ws.connection import SocketConnection
from chatops.server.ws.listening import Gathering, ListeningSocket, SocketEnded
from chatops.server.ws.sockets import (
    Route,
    Waiting,
    accept,
    first_message,
    told,
)
from chatops.tasks import Tasks

_log = logging.getLogger(__name__)


Handler = Callable[[AgentSession, Any], object]
Handlers = Mapping[type[Message], Handler]
_SAMPLE: Final = '{"type":"metrics",'
"""How the frame of a sample begins, as agents write it."""
_SHORT: Final = 4096
"""Characters of one that may wait for others."""


def make_agents_route(services: Services, fleet: Fleet, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the agents' socket."""
    handlers = _make_handlers(services)
    gathering = Gathering(_may_wait)

    async def agents_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_AGENT_FRAME, buffer=MAX_AGENT_BACKLOG
        )
        async with told(connection):
            agent = AgentSocket(services, fleet, handlers, socket, connection)
            session = await agent.begin(request, waiting)
            await agent.serve(session, gathering)
        return socket

    return agents_ws


def _may_wait(frame: str | bytes) -> bool:
    return type(frame) is str and len(frame) <= _SHORT and frame.startswith(_SAMPLE)


def _make_handlers(services: Services) -> Handlers:
    """Who takes which message of a session."""

    def response(session: AgentSession, message: CommandResponse) -> None:
        services.agents.answer(session, message)
        services.commands.on_response(session, message)

    def error(session: AgentSession, message: Error) -> None:
        services.agents.answer_error(session, message)
        _log_error(session, message)

    return {
        MetricsGap: services.metrics.gap,
        CommandResponse: response,
        DockerResponse: services.agents.answer,
        FeedResponse: services.agents.answer,
        SnapshotResponse: services.agents.answer,
        ProcessesResponse: services.agents.answer,
        StreamCredit: services.commands.on_stream_credit,
        StreamClose: services.commands.on_stream_close,
        Log: services.logs.shipping.submit,
        Ping: lambda session, m: session.post(Pong(id=m.id)),
        Pong: lambda session, m: None,
        Error: error,
        Auth: lambda session, m: session.post(_unexpected("auth came twice")),
    }


def _log_error(session: AgentSession, message: Error) -> None:
    text = message.message[:200]
    facts = {"server": session.server_name, "code": message.code[:40]}
    _log.warning("an agent could not take a message: %s", text, extra=facts)


class AgentSocket:
    """Reads one agent's frames and hands each to whom it concerns. There are thousands: what is
    needed only at the beginning is not held for longer."""

    __slots__ = ("_bad", "_connection", "_fleet", "_handlers", "_services", "_socket")

    def __init__(
        self,
        services: Services,
        fleet: Fleet,
        handlers: Handlers,
        socket: ListeningSocket,
        connection: SocketConnection,
    ) -> None:
        self._services = services
        self._fleet = fleet
        self._handlers = handlers
        self._socket = socket
        self._connection = connection
        self._bad = 0
        """Frames of no use, one after the other."""

    async def begin(self, request: web.Request, waiting: Waiting) -> AgentSession:
        """Let the agent in, by its first frame.

        Raises:
            SocketEnded: it is not let in.
        """
        first = await first_message(self._socket, self._connection, from_agent(), waiting)
        if not isinstance(first, Auth):
            raise SocketEnded(closing.MALFORMED, "the first frame must be an auth message")
        found = await self._let_in(first)
        welcome(request)
        session = self._fleet.register(found, first, self._connection)
        try:
            self._welcome(session, found)
            await self._fleet.connected(session, found, first)
        except BaseException:
            self._end(session, "connection lost")
            raise
        return session

    async def serve(self, session: AgentSession, gathering: Gathering) -> None:
        """Take what the agent says until its end.

        Raises:
            SocketEnded: the connection ended.
        """
        reason = "connection lost"
        try:
            await self._socket.listen(partial(self._hear, session), gathering)
        except SocketEnded as end:
            reason = end.reason.name if end.reason else _peers_reason(end)
            raise
        finally:
            self._end(session, reason)

    def _hear(self, session: AgentSession, frame: str | bytes) -> None:
        """A frame came.

        Raises:
            SocketEnded: the agent is not listened to any more.
        """
        if self._services.agents.find(session.server_id) is not session:
            raise SocketEnded  # it was ended meanwhile: what it still says does not count
        self._services.agents.heard(session)
        self._bad = 0 if self._take(session, frame) else self._bad + 1
        if self._bad >= MAX_BAD_FRAMES:
            raise SocketEnded(closing.MALFORMED)

    def _end(self, session: AgentSession, reason: str) -> None:
        self._services.agents.unregister_agent(session.server_id, self._connection, reason)

    async def _let_in(self, auth: Auth) -> AgentKey:
        address = self._connection.address
        try:
            found = await self._services.keys.check(auth.api_key)
            if auth.protocol == PROTOCOL_VERSION:
                await self._fleet.connecting(found, auth, address)
                return found
        except KeyRefused as refused:
            await self._fleet.refused(refused.server_id, address, refused.reason)
            raise SocketEnded(refused.reason) from None
        await self._fleet.refused(found.server_id, address, closing.PROTOCOL_VERSION)
        text = f"the hub speaks protocol version {PROTOCOL_VERSION}, the agent {auth.protocol}"
        raise SocketEnded(closing.PROTOCOL_VERSION, text)

    def _welcome(self, session: AgentSession, found: AgentKey) -> None:
        session.post(
            AuthSuccess(
                server_id=found.server_id,
                name=found.server_name,
                interval=self._services.settings.interval,
                time=self._services.clock.now(),
                hub_version=__version__,
                limits=SessionLimits(max_unacked=self._services.metrics.window),
            )
        )

    def _take(self, session: AgentSession, frame: str | bytes) -> bool:
        """Hand a frame to whom it concerns; False if it is of no use."""
        try:
            if isinstance(frame, bytes):
                self._services.commands.on_frame(session, *decode_frame(frame))
            else:
                message = from_agent().decode(frame)
                if type(message) is Metrics:  # nearly always
                    self._services.metrics.submit(session, message, frame)
                else:
                    self._handlers[type(message)](session, message)
        except ProtocolError as error:
            code = error.reason if isinstance(error, UnusableFrame) else error.code
            session.post(Error(code=code, message=error.message))
            return False
        return True


def _peers_reason(end: SocketEnded) -> str:
    """What the agent said when it closed, if it is a word of the table of reasons."""
    said = end.message or ""
    return said if said in (*closing.REASONS, "connection lost") else "closed"


def _unexpected(text: str) -> Error:
    return Error(code="unexpected", message=text)
