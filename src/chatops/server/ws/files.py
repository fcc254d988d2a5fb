"""/api/v1/ws/files/{server}: one copy of files to a server, or from it.

The hub holds none of it: bytes go on as they come, within the credit that the end gave that writes
them. It looks into none of the records either; what was copied it hears from the agent.
"""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import web

from chatops.errors import ChatOpsError, ProtocolError
from chatops.protocol import closing
from chatops.protocol.client_messages import (
    ClientAuthSuccess,
    CopyBegun,
    CopyEnd,
    FromClient,
    OpenCopy,
    from_client,
)
from chatops.protocol.copies import CopyReport
from chatops.protocol.frames import decode_frame, encode_frame
from chatops.protocol.limits import MAX_HUB_FRAME, STALL_AFTER
from chatops.protocol.messages import StreamClose, StreamCredit
from chatops.protocol.rest.common import ErrorDetail
from chatops.server.authentication import welcome
from chatops.server.context import Services
from chatops.server.services.access import Principal
from chatops.server.services.audit import Origin
from chatops.server.services.copies import Copy, tell, tell_counts
from chatops.server.services.for_sure import for_sure
from chatops.server.services.on_record import Deed
from chatops.server.ws.at_server import AtServer
from chatops.server.ws.commands import BUFFER, HEARTBEAT
from chatops.server.ws.listening import SocketEnded
from chatops.server.ws.sockets import Route, Waiting, accept, first_message, told
from chatops.tasks import Tasks

STREAM: Final = 0
"""The number of the one stream, whichever way it goes."""


def make_files_route(services: Services, tasks: Tasks, waiting: Waiting) -> Route:
    """The handler of the socket."""

    async def files_ws(request: web.Request) -> web.StreamResponse:
        socket, connection = await accept(
            request, tasks, waiting, max_frame=MAX_HUB_FRAME, buffer=BUFFER, heartbeat=HEARTBEAT
        )
        async with told(connection):
            first = await first_message(socket, connection, from_client(), waiting)
            copier = _Copier(services, socket, connection)
            principal = await copier.let_in(first, request.match_info["server"])
            welcome(request)
            await copier.run(principal, request.match_info["server"])
        return socket

    return files_ws


class _Copier(AtServer):
    """One client's socket."""

    action = "files.copy"
    _copy: Copy | None = None

    async def run(self, principal: Principal, name: str) -> None:
        """Copy what a client that was let in asks for.

        Raises:
            SocketEnded: it has left, or there is nothing more to say.
        """
        self._tell(ClientAuthSuccess(user=principal.name))
        asked = await self._second(OpenCopy)
        origin = Origin.of(principal, self._connection.address)
        try:
            copy, deed = await self._services.copies.open(principal, origin, name, asked)
        except ChatOpsError as error:
            self._tell(_end(error))
            raise SocketEnded(closing.DONE) from None
        self._copy = copy
        deed.outcome, deed.detail["error"] = "failed", "its client went away"
        try:
            await self._serve(copy, deed)
        finally:
            copy.close()
            await for_sure(
                lambda: self._services.copies.ended(copy, origin, asked, deed), "the end of a copy"
            )

    async def _serve(self, copy: Copy, deed: Deed) -> None:
        self._tell(CopyBegun(server=copy.where.name, data=copy.begin))
        if copy.input is not None:
            copy.input.tell(lambda credit: self._tell(StreamCredit(stream=STREAM, credit=credit)))
        async with Tasks() as tasks:
            tasks.spawn(self._move(copy, deed), name="copy files")
            await self._listen()

    async def _move(self, copy: Copy, deed: Deed) -> None:
        """Until the agent has said the last word, and the client was told."""
        try:
            report = await self._pass_on(copy)
        except (TimeoutError, ConnectionError):
            self._connection.abort()
        except ChatOpsError as error:
            deed.failed(error)
            if (partial := copy.partial()) is not None:
                tell_counts(deed, partial)
            self._tell(_end(error, partial))
            self._connection.close(closing.DONE)
        else:
            del deed.detail["error"]
            deed.outcome = "ok"
            tell(deed, report)
            self._tell(CopyEnd(report=report))
            self._connection.close(closing.DONE)

    async def _pass_on(self, copy: Copy) -> CopyReport:
        offset = 0
        while (pieces := await copy.feed.next()) is not None:
            for stream, data in pieces:
                if stream == "stderr":
                    copy.hear(data)
                    continue
                async with asyncio.timeout(STALL_AFTER):
                    await self._socket.send_bytes(encode_frame(STREAM, offset, data))
                offset += len(data)
        return copy.report()

    def _take(self, frame: str | bytes) -> None:
        copy = self._copy
        if isinstance(frame, str) or copy is None:
            super()._take(frame)
            return
        stream, offset, data = decode_frame(frame)
        if stream != STREAM or copy.input is None:
            raise ProtocolError("bytes came for a copy that takes none from here")
        copy.input.feed(offset, data)

    def _hear(self, message: FromClient) -> None:
        if isinstance(message, StreamClose) and self._copy is not None:
            self._copy.cancel()


def _end(error: ChatOpsError, partial: CopyReport | None = None) -> CopyEnd:
    detail = ErrorDetail(code=error.code, message=error.message, hint=error.hint)
    return CopyEnd(error=detail, partial=partial)
