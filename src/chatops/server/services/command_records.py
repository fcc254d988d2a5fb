"""CommandRecords: the rows of commands, each change in one short transaction with its audit."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from chatops.clock import Clock
from chatops.errors import NotFound
from chatops.protocol import rest
from chatops.protocol.limits import KiB
from chatops.server.crud import commands as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Command, OutputStream, Server
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.access import Access, Principal
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.command_results import add_output, load_result, to_record, to_result
from chatops.server.services.command_states import before
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.output import Piece
from chatops.server.services.servers import ServerService
from chatops.server.services.watching import NAMES, Bytes, Ended, Item, Started

_Pieces = dict[OutputStream, list[Piece]]
_SHORT: Final = 64 * KiB
"""Bytes of kept output that may wait in memory for the writer."""


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

    async def set_running(self, command_id: str, started_at: float | None) -> None:
        """Its agent has started it; of one that is over already nothing changes."""
        await self._database.transact(
            lambda tx: crud.update(
                tx,
                command_id,
                expected=before("running"),
                status="running",
                started_at=started_at,
            )
        )

    async def end(
        self, live: LiveCommand, status: rest.CommandStatus, **changes: Any
    ) -> rest.CommandResult:
        """Commit the end of a command with its kept output; the outcome that now stands.

        One that has ended stays as it is, but ``lost`` gives way to the true outcome.
        """
        result = live.outcome(status, **changes)
        if await self._write_end(live, result, changes):
            return result
        async with self._database.read() as session:
            row = await crud.get(session, live.id)
        return to_result(row, live.server_name) if row is not None else result

    async def purge(self, before_time: float, limit: int) -> int:
        """Delete at most ``limit`` commands that were over before that time."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before_time, limit=limit)

    # -- reading ------------------------------------------------------------------------

    async def lost(self, server_id: str, command_id: str) -> tuple[Command, str] | None:
        """A command of that server that was given up, with the server's name."""
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None or row.server_id != server_id or row.status != "lost":
                return None
            server = await servers_crud.get(session, server_id)
        return (row, server.name) if server is not None else None

    async def page(
        self,
        principal: Principal,
        *,
        server: str | None,
        user: str | None,
        run: str | None,
        statuses: Collection[rest.CommandStatus] | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> rest.Page[rest.CommandRecord]:
        """Commands newest first, of the servers that the caller may see."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, server)
            rows, after = await crud.list_page(
                session, server_ids=ids, user_name=user, run_id=run, statuses=statuses,
                since=since, until=until, limit=limit, cursor=cursor,
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

    async def whole(self, bare: rest.CommandResult) -> rest.CommandResult:
        """A committed outcome with its kept output."""
        async with self._database.read() as session:
            return await add_output(session, msgspec.structs.replace(bare))

    async def story(self, command_id: str, server: str, offsets: tuple[int, int]) -> list[Item]:
        """All that a watcher was told of a command that is over, from those offsets of its
        streams on.

        Raises:
            NotFound: it was removed.
        """
        async with self._database.read() as session:
            row = await crud.get(session, command_id)
            if row is None:
                raise _no_command(command_id)
            items: list[Item] = [Started(row.id, server, row.run_id)]
            for name, offset in zip(NAMES, offsets, strict=True):
                for start, data in await crud.get_output(session, row.id, name):
                    had = max(offset - start, 0)
                    if had < len(data):
                        items.append(Bytes(row.id, name, start + had, data[had:]))
        items.append(Ended(to_result(row, server), row.stdout_bytes, row.stderr_bytes))
        return items

    async def _write_end(
        self, live: LiveCommand, result: rest.CommandResult, changes: dict[str, Any]
    ) -> bool:
        def pieces() -> _Pieces:
            return {name: list(live.streams[name].kept.pieces()) for name in NAMES}

        if sum(live.streams[name].kept.held for name in NAMES) <= _SHORT:
            short = pieces()
            return await self._database.transact(
                lambda tx: self._store_end(tx, live, result, short, changes)
            )
        async with self._database.write() as session:
            long = pieces()  # read when its turn has come: many at a time would fill the memory
            return await in_session(
                session, lambda tx: self._store_end(tx, live, result, long, changes)
            )

    def _store_end(
        self,
        tx: Transaction,
        live: LiveCommand,
        result: rest.CommandResult,
        pieces: _Pieces,
        changes: dict[str, Any],
    ) -> bool:
        allowed = before(result.status)
        ended = {
            "status": result.status,
            "finished_at": self._clock.now(),
            "truncated": result.truncated,
            "dropped_bytes": result.dropped_bytes,
            "stdout_bytes": live.length("stdout"),
            "stderr_bytes": live.length("stderr"),
            **changes,
        }
        under_way = [state for state in allowed if state != "lost"]
        lost: tuple[int, int] | None = None
        if not crud.update(tx, live.id, expected=under_way, **ended):
            lost = crud.lengths(tx, live.id)
            if "lost" not in allowed or not crud.update(tx, live.id, expected=["lost"], **ended):
                return False
        for name, kept in pieces.items():
            crud.add_output(tx, live.id, name, kept)
        if lost is not None:
            self._count_both(tx, result, lost)
        if lost is not None or result.status == "refused":
            self._audit.note(
                tx,
                Origin(None, live.user_id, live.user_name),
                _action(live, corrects=lost is not None),
                live.server_name,
                outcome=result.status,
                detail={
                    "command_id": live.id,
                    "reason": changes.get("reason"),
                    "error": result.error,
                },
            )
        return True

    def _count_both(
        self, tx: Transaction, result: rest.CommandResult, lost: tuple[int, int]
    ) -> None:
        """What is kept of a command that was lost is of two accounts, and what is missing is what
        neither has. ``lost`` is how long its streams were known to be then."""
        stdout, stderr = map(max, lost, crud.lengths(tx, result.command_id))
        dropped = stdout + stderr - crud.stored(tx, result.command_id)
        result.dropped_bytes, result.truncated = dropped, dropped > 0
        crud.update(
            tx, result.command_id, expected=[result.status], truncated=result.truncated,
            dropped_bytes=dropped, stdout_bytes=stdout, stderr_bytes=stderr,
        )  # fmt: skip


def _action(live: LiveCommand, *, corrects: bool) -> str:
    if corrects:
        return "commands.corrected"
    return "terminals.open" if live.terminal else "commands.run"


def _no_command(command_id: str) -> NotFound:
    return NotFound(f"there is no command {command_id[:80]!r}", hint="see `chatops commands list`")
