"""CommandRecords: the rows of commands, each change in one short transaction with its audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import NotFound
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.server.crud import commands as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Command, Server
from chatops.server.services.access import Access, Principal
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.command_results import load_result, to_record, to_result
from chatops.server.services.command_states import before
from chatops.server.services.live_command import NAMES, LiveCommand
from chatops.server.services.servers import ServerService


class CommandRecords:
    """What is written down of commands, and read back for those who may."""

    def __init__(
        self, database: Database, servers: ServerService, audit: AuditService, clock: Clock
    ) -> None:
        self._database = database
        self._servers = servers
        self._audit = audit
        self._clock = clock

    # -- writing ------------------------------------------------------------------------

    async def create(
        self,
        principal: Principal,
        origin: Origin,
        body: rest.CommandCreate,
        is_online: Callable[[str], bool],
    ) -> tuple[Command, Server]:
        """A new command, as good as sent; of an offline server it is over with its record.

        Raises:
            NotFound, NotPermitted: the server, for this caller.
        """
        now = self._clock.now()
        options = {"timeout": body.timeout, "cwd": body.cwd, "env": sorted(body.env)}
        async with self._database.write() as session:
            server = await self._servers.find_in(session, principal, body.target, Access.OPERATOR)
            online = is_online(server.id)
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
                row.error = f"{server.name} is offline; the command was not run"
            detail = {"command_id": row.id, "command": body.command}
            await self._audit.record(
                session, origin, "commands.run", server.name, outcome=row.status, detail=detail
            )
        return row, server

    async def set_running(self, command_id: str, started_at: float | None) -> None:
        """Its agent has started it; of one that is over already nothing changes."""
        async with self._database.write() as session:
            await crud.update(
                session,
                command_id,
                expected=before("running"),
                status="running",
                started_at=started_at,
            )

    async def end(
        self, live: LiveCommand, status: rest.CommandStatus, **changes: Any
    ) -> rest.CommandResult:
        """Commit the end of a command with its kept output; the outcome that now stands.

        One that has ended stays as it is, but ``lost`` gives way to the true outcome.
        """
        result = live.outcome(status, **changes)
        async with self._database.write() as session:
            if await self._store_end(session, live, result, changes):
                return result
            row = await crud.get(session, live.id)
        return to_result(row, live.server_name) if row is not None else result

    async def purge(self, before_time: float, limit: int) -> int:
        """Delete at most ``limit`` commands that were over before that time."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before_time, limit=limit)

    # -- reading ------------------------------------------------------------------------

    async def open_commands(self) -> list[LiveCommand]:
        """Those that were under way when the hub stopped."""
        async with self._database.read() as session:
            rows = await crud.open_all(session)
            names = await servers_crud.names(session, ids={row.server_id for row in rows})
        return [LiveCommand(row, names[row.server_id], sent=True) for row in rows]

    async def lost(self, server_id: str, command_id: str) -> LiveCommand | None:
        """A command of that server that was given up, ready to be followed again."""
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None or row.server_id != server_id or row.status != "lost":
                return None
            server = await servers_crud.get(session, server_id)
        return LiveCommand(row, server.name, sent=True) if server is not None else None

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

    async def find(
        self, principal: Principal, command_id: str, access: Access
    ) -> tuple[Command, Server]:
        """A command and its server, if the caller may do there what ``access`` says.

        Raises:
            NotFound: there is none, or none on a server that the caller may see.
            NotPermitted: the caller may see it, but not do this.
        """
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None:
                raise _no_command(command_id)
            try:
                server = await self._servers.find_in(session, principal, row.server_id, access)
            except NotFound:
                raise _no_command(command_id) from None
        return row, server

    async def result(self, row: Command, server: str) -> rest.CommandResult:
        """The outcome of a command that is over, with its kept output."""
        async with self._database.read() as session:
            return await load_result(session, row, server)

    async def _store_end(
        self,
        session: AsyncSession,
        live: LiveCommand,
        result: rest.CommandResult,
        changes: dict[str, Any],
    ) -> bool:
        allowed = before(result.status)
        ended = {
            "status": result.status,
            "finished_at": self._clock.now(),
            "truncated": result.truncated,
            "dropped_bytes": result.dropped_bytes,
            **changes,
        }
        under_way = [state for state in allowed if state != "lost"]
        corrected = False
        if not await crud.update(session, live.id, expected=under_way, **ended):
            corrected = "lost" in allowed and await crud.update(
                session, live.id, expected=["lost"], **ended
            )
            if not corrected:
                return False
        for name in NAMES:
            if pieces := live.streams[name].kept.pieces():
                await crud.add_output(session, live.id, name, pieces)
        if corrected or result.status == "refused":
            await self._audit.record(
                session,
                Origin(None, live.user_id, live.user_name),
                "commands.corrected" if corrected else "commands.run",
                live.server_name,
                outcome=result.status,
                detail={"command_id": live.id, "error": result.error},
            )
        return True


def _no_command(command_id: str) -> NotFound:
    return NotFound(f"there is no command {command_id[:80]!r}", hint="see `chatops commands list`")
