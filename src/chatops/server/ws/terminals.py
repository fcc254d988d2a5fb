"""/api/v1/ws/terminal/{server}: a terminal on a server, for one client at a time.

A terminal is a command (see RunService) with somebody who types: what is said of following a
command and of feeding it (ws/commands.py) holds here too. It is written down, and audited, when it
is opened; a client that was cut off comes back to it by its command's id.
"""

from __future__ import annotations

import socket
from typing import Final

from aiohttp import web

from chatops.errors import Busy, ChatOpsError, InvalidInput, NotFound
from chatops.protocol import rest
from chatops.protocol.client_messages import FromClient, OpenTerminal, from_client
from chatops.protocol.limits import MAX_HUB_FRAME, KiB
from chatops.protocol.messages import Resize
from chatops.protocol.parts import Terminal
from chatops.server.authentication import welcome
from chatops.server.context import Services
from chatops.server.services.access import Access, Principal
from chatops.server.services.audit import Origin
from chatops.server.services.live_command import LiveCommand
from chatops.server.ws.at_server import AtServer
from chatops.server.ws.commands import BUFFER, HEARTBEAT, Begun
from chatops.server.ws.sockets import Route, Waiting, accept, first_message, told
from chatops.tasks import Tasks

LOGIN: Final = "login shell"
"""What the command is called where none was named."""
_WINDOW: Final = 64 * KiB


def make_terminals_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the socket."""

    async def terminal_ws(request: web.Request) -> web.StreamResponse:
        web_socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_HUB_FRAME, buffer=BUFFER, heartbeat=HEARTBEAT
        )
        _keep_close(request)
        async with told(connection):
            first = await first_message(web_socket, connection, from_client(), waiting)
            visitor = _Visitor(services, web_socket, connection)
            principal = await visitor.let_in(first, request.match_info["server"])
            welcome(request)
            with services.followers.held(principal.user_id):
                await visitor.run(principal, request.match_info["server"])
        return web_socket

    return terminal_ws


def _keep_close(request: web.Request) -> None:
    """Little is on its way at a time: whoever presses Ctrl-C does not want to see much more."""
    transport = request.transport
    carrier = transport.get_extra_info("socket") if transport is not None else None
    if carrier is not None:
        carrier.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _WINDOW)


class _Visitor(AtServer):
    """One client's socket."""

    action = "terminals.open"
    _live: LiveCommand | None = None

    async def _begin(self, principal: Principal, name: str) -> Begun:
        asked = await self._second(OpenTerminal)
        if asked.command_id is None:
            return await self._open(principal, name, asked)
        return await self._return(principal, name, asked, asked.command_id)

    async def _open(self, principal: Principal, name: str, asked: OpenTerminal) -> Begun:
        login = asked.command is None
        if login and asked.container is not None:
            raise InvalidInput("a terminal in a container needs a command")
        body = rest.TerminalCreate(
            target=name, command=asked.command if asked.command is not None else LOGIN,
            mode="attach", stdin=True, idempotency_key=asked.key, container=asked.container,
            user=asked.user, cwd=asked.cwd, env=asked.env, timeout=asked.timeout,
            terminal=Terminal(rows=asked.rows, cols=asked.cols, term=asked.term, login=login),
        )  # fmt: skip
        origin = Origin.of(principal, self._connection.address)
        made = await self._services.runs.create(principal, origin, body)
        if isinstance(made, str):
            return await self._return(principal, name, asked, made)
        following, run = await self._services.runs.follow(principal, made.id, {})
        self._live = made.commands[0]
        return following, run, True

    async def _return(
        self, principal: Principal, name: str, asked: OpenTerminal, command_id: str
    ) -> Begun:
        """Come back, which only who opened it may: what was typed there is nobody else's to go on
        with, and what is printed there is to be had by `commands attach`."""
        runs = self._services.runs
        server = await self._services.servers.find(principal, name, Access.OPERATOR)
        ((row, _), *_) = await runs.find(principal, command_id, Access.OPERATOR)
        if (
            command_id not in (row.id, row.run_id)
            or row.server_id != server.id
            or row.user_id != principal.user_id
        ):
            raise NotFound(f"there is no terminal {command_id[:80]!r} of yours on {server.name}")
        following, _ = await runs.follow(principal, row.id, {row.id: (asked.offset, 0)})
        self._live = self._services.commands.find(row.id)
        if self._live is not None and self._live.terminal:
            size = Resize(rows=asked.rows, cols=asked.cols, redraw=True)
            self._services.commands.terminals.resize(self._live, size)
        return following, runs.driver.find(row.run_id), True

    def _hear(self, message: FromClient) -> None:
        if isinstance(message, Resize) and self._live is not None:
            self._services.commands.terminals.resize(self._live, message)

    def _end(self, error: ChatOpsError) -> None:
        """The right to it was taken back (or the hub stops): then nobody will come back to it."""
        if self._live is not None and not isinstance(error, Busy):
            self._live.ended_for = error.message
            self._services.commands.end(self._live)
        super()._end(error)
