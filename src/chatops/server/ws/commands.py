"""/api/v1/ws/commands/{id}: follow a command or run from any offset, and feed its input."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from aiohttp import web

from chatops.errors import ChatOpsError, NotPermitted, ProtocolError
from chatops.protocol import closing
from chatops.protocol.client_messages import (
    Attach,
    ClientAuthSuccess,
    CommandEvent,
    FromClient,
    from_client,
)
from chatops.protocol.codec import UnusableFrame, encode
from chatops.protocol.frames import StreamFrame, decode_frame, encode_frame
from chatops.protocol.limits import AUTH_TIMEOUT, MAX_HUB_FRAME, STALL_AFTER, MiB
from chatops.protocol.messages import Error, Message, Ping, Pong, StreamClose
from chatops.protocol.rest import StreamEvent
from chatops.server.authentication import verified, welcome
from chatops.server.context import Services
from chatops.server.services.access import Access, Principal
from chatops.server.services.asked import Asked
from chatops.server.services.audit import Origin
from chatops.server.services.following import Following
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.live_run import LiveRun
from chatops.server.services.run_events import Teller
from chatops.server.services.standard_input import StandardInput
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

M = TypeVar("M", bound=Message)
Begun = tuple[Following, LiveRun | None, bool]
HEARTBEAT: Final = 2 * STALL_AFTER
"""Seconds between pings, twice what an answer may take: it waits behind the output, which a slow
client is free to take slowly."""
BUFFER: Final = 1 * MiB
"""Small messages (credit, pongs) that may wait beside the output, which waits for nobody."""


def make_commands_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the socket."""

    async def commands_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_HUB_FRAME, buffer=BUFFER, heartbeat=HEARTBEAT
        )
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            follower = Follower(services, socket, connection)
            principal = await follower.let_in(first, request.match_info["id"])
            welcome(request)
            with services.followers.held(principal.user_id):
                await follower.run(principal, request.match_info["id"])
        return socket

    return commands_ws


class Follower:
    """One client's socket."""

    action = "commands.attach"

    def __init__(
        self, services: Services, socket: web.WebSocketResponse, connection: SocketConnection
    ) -> None:
        self._services = services
        self._socket = socket
        self._connection = connection
        self._input: StandardInput | None = None

    async def run(self, principal: Principal, name: str) -> None:
        """Tell a client that was let in all there is.

        Raises:
            SocketEnded: it has left, or there is nothing for it any more.
        """
        self._tell(ClientAuthSuccess(user=principal.name))
        try:
            following, live, stdin = await self._begin(principal, name)
        except ChatOpsError as error:
            raise refusal(error) from None
        following.on_cut = self._end
        async with Tasks() as tasks:
            try:
                if live is not None and stdin:
                    self._input = live.commands[0].stdin
                if live is not None and self._input is not None:
                    await self._note_input(principal, live.commands[0])
                    self._input.attach(self._tell)
                if live is not None and live.attach_by is not None and _may_begin(principal, live):
                    await self._services.runs.driver.begin(live)
                tasks.spawn(self._send_all(following), name="follow a run")
                await self._listen()
            finally:
                if self._input is not None:
                    self._input.detach(self._tell)
                following.close()

    async def let_in(self, first: FromClient, name: str) -> Principal:
        """Who asks.

        Raises:
            SocketEnded: nobody who may follow this.
        """
        token = token_of(first)
        try:
            principal = await verified(self._services, token)
        except ChatOpsError as error:
            await self._note_denial(Origin(self._connection.address), Asked(name))
            raise refusal(error) from None
        try:
            await self._services.runs.find(principal, name, Access.OPERATOR)
        except ChatOpsError as error:
            origin = Origin.of(principal, self._connection.address)
            await self._note_denial(origin, Asked(name, "command"))
            raise refusal(error) from None
        return principal

    async def _begin(self, principal: Principal, name: str) -> Begun:
        """What the client follows, and whether it feeds it.

        Raises:
            ChatOpsError: it may not.
        """
        attach = await self._second(Attach)
        following, live = await self._services.runs.follow(principal, name, attach.offsets)
        if attach.stdin and live is not None and _types_elsewhere(principal, live.commands[0]):
            following.close()
            origin = Origin.of(principal, self._connection.address)
            await self._note_denial(origin, Asked(name, "command"))
            raise NotPermitted(f"at a terminal of {live.commands[0].user_name} nobody else types")
        return following, live, attach.stdin

    async def _note_denial(self, origin: Origin, asked: Asked) -> None:
        """Who attaches may feed a command, so refusals are told as for what changes something."""
        await self._services.denials.record(origin, self.action, asked)

    async def _second(self, kind: type[M]) -> M:
        """The message after the first, which says what the client wants.

        Raises:
            SocketEnded: it did not come, or is none.
        """
        try:
            async with asyncio.timeout(AUTH_TIMEOUT):
                while True:
                    message = self._decode(await receive(self._socket))
                    if isinstance(message, kind):
                        return message
        except TimeoutError:
            text = f"no {kind.__struct_config__.tag} message came within the time for it"
            raise SocketEnded(closing.MALFORMED, text) from None
        except ProtocolError as error:
            raise SocketEnded(closing.MALFORMED, error.message) from None

    async def _note_input(self, principal: Principal, command: LiveCommand) -> None:
        """Input for what somebody else runs is told in the audit; one's own is part of the run."""
        if principal.user_id != command.user_id:
            origin = Origin.of(principal, self._connection.address)
            detail = {"command_id": command.id}
            await self._services.audit.record_alone(
                origin, "commands.input", command.server_name, detail=detail
            )

    def _tell(self, message: Message) -> None:
        if not self._connection.post(encode(message)):
            self._connection.close(closing.SILENT, "the client does not read what is sent to it")

    # -- what goes ------------------------------------------------------------------------

    async def _send_all(self, following: Following) -> None:
        """Straight to the socket: a client that does not read makes this wait, and so in the
        end the command that it watches."""
        teller = Teller()
        try:
            await self._send(teller.run(following.run_id, following.servers))
            while (item := await following.next()) is not None:
                await self._send(teller.tell(item))
        except (TimeoutError, ConnectionError):
            self._connection.abort()
        except ChatOpsError as error:
            self._end(error)
        else:
            self._connection.close(closing.DONE)

    def _end(self, error: ChatOpsError) -> None:
        end = refusal(error)
        self._connection.close(end.reason or closing.INTERNAL, end.message)

    async def _send(self, frame: StreamEvent | StreamFrame) -> None:
        async with asyncio.timeout(STALL_AFTER):
            if isinstance(frame, StreamFrame):
                await self._socket.send_bytes(encode_frame(*frame))
            else:
                await self._socket.send_str(encode(CommandEvent(data=frame)))

    # -- what comes -----------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            frame = await receive(self._socket)
            if self._connection.close_reason is not None:
                raise SocketEnded  # it was ended meanwhile: what it still says does not count
            try:
                self._take(frame)
            except ProtocolError as error:
                # Input that is not what it should be must not reach the command in part.
                code = error.reason if isinstance(error, UnusableFrame) else error.code
                self._tell(Error(code=code, message=error.message))
                raise SocketEnded(closing.MALFORMED, error.message) from None

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            stream, offset, data = decode_frame(frame)
            if stream != 0 or self._input is None:
                raise ProtocolError("input came for a command that takes none from here")
            self._input.feed(self._tell, offset, data)
            return
        message = self._decode(frame)
        if isinstance(message, StreamClose) and self._input is not None:
            self._input.end(self._tell, message.offset)
        elif message is not None:
            self._hear(message)

    def _hear(self, message: FromClient) -> None:
        """Any other message; here none says anything."""

    def _decode(self, frame: str | bytes) -> FromClient | None:
        if isinstance(frame, bytes):
            raise ProtocolError("input came before its stream was opened")
        message = from_client().decode(frame)
        if isinstance(message, Ping):
            self._tell(Pong(id=message.id))
            return None
        return message


def _types_elsewhere(principal: Principal, command: LiveCommand) -> bool:
    """Whether it is somebody else's terminal: who is at it may be more there than one's own rights
    give, on that server and on others."""
    return command.terminal and command.user_id != principal.user_id


def _may_begin(principal: Principal, run: LiveRun) -> bool:
    """Whether a run that waits for somebody to attach waits for this one: who may see a part of
    it, on a server of their own, starts nothing on those of others."""
    return principal.role == "admin" or (
        principal.user_id == run.holder.user_id and principal.token in (None, run.holder.token)
    )
