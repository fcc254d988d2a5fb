"""CommandService: commands from their record to their outcome.

A command is recorded, with its audit, before it is sent; its agent runs it at most once and
keeps the outcome until this hub has committed it and said so. See command_states for the
states, docs/topics/commands.md for what happens when either end goes away.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Busy, Conflict, NotFound, NotPermitted
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.protocol.limits import LOST_AFTER, LOST_AFTER_START
from chatops.protocol.messages import (
    Auth,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Outcome,
    StreamClose,
)
from chatops.protocol.messages import Command as CommandMessage
from chatops.server.crud import commands as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Command, Server
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.command_results import check_request, load_result, to_record, to_result
from chatops.server.services.command_states import before
from chatops.server.services.live_command import NAMES, LiveCommand
from chatops.server.services.servers import ServerService
from chatops.tasks import Tasks

_LOST: Final = {
    "not_started": "the agent came back without having started it",
    "agent_restarted": "the agent was restarted and knows nothing of it",
    "agent_vanished": "the agent vanished while it was under way",
}
_RETRY_AFTER: Final = 1.0
_log = logging.getLogger(__name__)


class CommandService:
    """Makes, follows, cancels and shows commands."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        agents: AgentManager,
        audit: AuditService,
        tasks: Tasks,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._agents = agents
        self._audit = audit
        self._tasks = tasks
        self._clock = clock
        self._started = clock.now()
        self._live: dict[str, LiveCommand] = {}

    # -- making -----------------------------------------------------------------------

    async def start(
        self, principal: Principal, origin: Origin, body: rest.CommandCreate
    ) -> LiveCommand:
        """Record a command, then send it. Of an offline server it is over at once.

        Raises:
            NotFound, NotPermitted: the server, for this caller.
            InvalidInput: the command, its folder or its environment cannot be passed on.
        """
        check_request(body)
        server = await self._servers.find(principal, body.target, Access.OPERATOR)
        session = self._agents.find(server.id)
        row = await self._record(principal, origin, server, body, online=session is not None)
        live = LiveCommand(row, server.name)
        if session is None:
            live.finish(to_result(row, server.name))
            return live
        self._live[live.id] = live
        return live

    async def send(self, live: LiveCommand, body: rest.CommandCreate) -> None:
        """Hand a recorded command to its agent; watchers are attached before this."""
        if live.result is not None:
            return
        session = self._agents.find(live.server_id)
        message = CommandMessage(
            id=live.id,
            command=body.command,
            timeout=body.timeout,
            cwd=body.cwd,
            env=body.env,
            streams=live.open_streams(session) if session else [],
        )
        if session is None or not session.post(message):
            error = "the server went offline before the command was sent"
            await self._close(live, "offline", error=error)

    async def _record(
        self,
        principal: Principal,
        origin: Origin,
        server: Server,
        body: rest.CommandCreate,
        *,
        online: bool,
    ) -> Command:
        now = self._clock.now()
        options = {"timeout": body.timeout, "cwd": body.cwd, "env": sorted(body.env)}
        async with self._database.write() as session:
            row = await crud.create(
                session,
                run_id=new_id(now),
                server_id=server.id,
                user_id=principal.user_id,
                user_name=principal.name,
                command=body.command,
                now=now,
                options={name: value for name, value in options.items() if value},
                status="sent" if online else "offline",
            )
            row.sent_at = now if online else None
            if not online:
                row.finished_at = now
                row.error = "the server is offline"
            detail = {"command_id": row.id, "command": body.command}
            await self._audit.record(
                session, origin, "commands.run", server.name, outcome=row.status, detail=detail
            )
        return row

    # -- what agents say ----------------------------------------------------------------

    def on_response(self, session: AgentSession, message: CommandResponse) -> None:
        """An agent says that a command runs, or what became of it."""
        live = self._live.get(message.id)
        if live is not None and live.server_id != session.server_id:
            session.post(CommandAck(id=message.id))  # an agent speaks for its own server only
            return
        if message.state == "running":
            if live is not None:
                live.started_at = message.started_at
                self._tasks.spawn(self._set_running(live, message), name="command running")
            return
        settling = self._settle_for_sure(session, message, message.state)
        self._tasks.spawn(settling, name="command outcome")

    def on_frame(self, session: AgentSession, stream: int, offset: int, data: bytes) -> None:
        """Bytes of an output stream came; of one that is closed they are let go."""
        sink = session.streams.get(stream)
        if sink is not None:
            sink.feed(offset, data)

    def on_stream_close(self, session: AgentSession, message: StreamClose) -> None:
        """An output stream ended."""
        sink = session.streams.get(message.stream)
        if sink is not None:
            sink.end(message.offset, message.dropped)

    async def on_connected(self, session: AgentSession, auth: Auth, last_epoch: str | None) -> None:
        """Compare what this hub and a fresh connection's agent know of commands."""
        held = {command.id for command in auth.journal.commands}
        for live in [one for one in self._live.values() if one.server_id == session.server_id]:
            if live.id not in held:
                same = auth.journal.epoch == last_epoch
                await self._lose(live, "not_started" if same else "agent_restarted")
        for command_id in held:
            known = self._live.get(command_id) or await self._revive(session.server_id, command_id)
            if known is not None and known.server_id == session.server_id:
                for opening in known.open_streams(session):
                    session.post(opening)

    # -- time ---------------------------------------------------------------------------

    async def load_open(self) -> None:
        """After a start of the hub: take up what was under way before it."""
        async with self._database.read() as session:
            rows = await crud.open_all(session)
            names = await servers_crud.names(session, ids={row.server_id for row in rows})
        for row in rows:
            self._live[row.id] = LiveCommand(row, names[row.server_id])

    async def sweep(self) -> None:
        """Give up commands whose agent is silent for too long; called every second."""
        now = self._clock.now()
        for live in list(self._live.values()):
            if self._agents.find(live.server_id) is not None:
                continue
            heard = self._agents.last_heard(live.server_id)
            since, patience = (
                (heard, LOST_AFTER) if heard is not None else (self._started, LOST_AFTER_START)
            )
            if now - since >= patience:
                await self._lose(live, "agent_vanished")

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` commands that were over before that time."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before, limit=limit)

    def forget_server(self, server_id: str) -> None:
        """A server was removed: whoever waits for one of its commands waits in vain."""
        for live in [one for one in self._live.values() if one.server_id == server_id]:
            del self._live[live.id]
            live.finish(live.outcome("lost", error="the server was removed from the hub"))

    # -- reading and cancelling -----------------------------------------------------------

    async def page(
        self,
        principal: Principal,
        *,
        server: str | None,
        user: str | None,
        run: str | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> rest.Page[rest.CommandRecord]:
        """Commands newest first, of the servers that the caller may see."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, server)
            rows, after = await crud.list_page(
                session, server_ids=ids, user_name=user, run_id=run, since=since, until=until,
                limit=limit, cursor=cursor,
            )  # fmt: skip
            names = await servers_crud.names(session, ids={row.server_id for row in rows})
        items = [to_record(row, names[row.server_id]) for row in rows]
        return rest.Page(items=items, next=after)

    async def show(self, principal: Principal, command_id: str) -> rest.CommandRecord:
        """One command.

        Raises:
            NotFound: there is none that the caller may see.
        """
        row, server = await self._find(principal, command_id, Access.VIEWER)
        return to_record(row, server.name)

    async def output(self, principal: Principal, command_id: str) -> rest.CommandResult:
        """A command's outcome with what is kept of its output.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        row, server = await self._find(principal, command_id, Access.OPERATOR)
        live = self._live.get(command_id)
        if live is not None:
            return live.outcome(row.status)
        async with self._database.read() as session:
            return await load_result(session, row, server.name)

    async def cancel(
        self, principal: Principal, origin: Origin, command_id: str
    ) -> rest.CommandRecord:
        """Ask the agent to end a command: TERM, and KILL 5 s later.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it is over.
            Offline: its agent cannot be asked.
        """
        row, server = await self._find(principal, command_id, Access.OPERATOR)
        if command_id not in self._live:
            raise Conflict(f"the command is over: {row.status}")
        detail = {"command_id": command_id}
        await self._audit.record_alone(origin, "commands.cancel", server.name, detail=detail)
        self._agents.session(server.id).post(CommandCancel(id=command_id))
        return to_record(row, server.name)

    # -- inside -------------------------------------------------------------------------

    async def _find(
        self, principal: Principal, command_id: str, access: Access
    ) -> tuple[Command, Server]:
        missing = NotFound(
            f"there is no command {command_id[:80]!r}", hint="see `chatops commands list`"
        )
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None:
                raise missing
            try:
                server = await self._servers.find_in(session, principal, row.server_id, access)
            except NotPermitted:
                raise
            except NotFound:
                raise missing from None
        return row, server

    async def _set_running(self, live: LiveCommand, message: CommandResponse) -> None:
        async with self._database.write() as session:
            await crud.update(
                session,
                live.id,
                expected=before("running"),
                status="running",
                started_at=message.started_at,
            )

    async def _settle(
        self, session: AgentSession, message: CommandResponse, outcome: Outcome
    ) -> None:
        """Commit an outcome, then let the agent forget it; without a commit it stays there."""
        live = self._live.get(message.id) or await self._revive(session.server_id, message.id)
        if live is not None:
            live.streams["stdout"].kept.skip_to(message.stdout_bytes)
            live.streams["stderr"].kept.skip_to(message.stderr_bytes)
            await self._close(
                live,
                outcome,
                exit_code=message.exit_code,
                signal=message.signal,
                started_at=message.started_at or live.started_at,
                duration_ms=message.duration_ms,
                reason=message.reason,
                error=message.error,
            )
        session.post(CommandAck(id=message.id))

    async def _settle_for_sure(
        self, session: AgentSession, message: CommandResponse, outcome: Outcome
    ) -> None:
        while True:
            try:
                return await self._settle(session, message, outcome)
            except Busy as error:
                _log.error("an outcome cannot be stored: %s", error.message)
                await asyncio.sleep(_RETRY_AFTER)

    async def _lose(self, live: LiveCommand, reason: str) -> None:
        await self._close(live, "lost", reason=reason, error=_LOST[reason])

    async def _close(self, live: LiveCommand, status: rest.CommandStatus, **changes: Any) -> None:
        """Commit the end of a command, then tell who waits. One that has ended stays as it is."""
        result = live.outcome(status, **changes)
        async with self._database.write() as session:
            row = await crud.get(session, live.id)
            if row is not None and row.status in before(status):
                await self._store_end(session, live, row, result, changes)
            elif row is not None:
                result = to_result(row, live.server_name)
        self._live.pop(live.id, None)
        live.finish(result)
        _log.info("command over", extra={"command_id": live.id, "status": result.status})

    async def _store_end(
        self,
        session: AsyncSession,
        live: LiveCommand,
        row: Command,
        result: rest.CommandResult,
        changes: dict[str, Any],
    ) -> None:
        was = row.status
        await crud.update(
            session,
            live.id,
            expected=[was],
            status=result.status,
            finished_at=self._clock.now(),
            truncated=result.truncated,
            dropped_bytes=result.dropped_bytes,
            **changes,
        )
        for name in NAMES:
            await crud.add_output(session, live.id, name, live.streams[name].kept.pieces())
        if was == "lost":
            detail = {"command_id": live.id}
            await self._audit.record(
                session, Origin(None), "commands.corrected", live.server_name,
                outcome=result.status, detail=detail,
            )  # fmt: skip

    async def _revive(self, server_id: str, command_id: str) -> LiveCommand | None:
        """A command that this hub gave up and its agent still knows."""
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None or row.server_id != server_id or row.status != "lost":
                return None
            server = await servers_crud.get(session, server_id)
        if server is None:
            return None
        live = LiveCommand(row, server.name)
        self._live[live.id] = live
        return live
