"""Commands and what is kept of their output."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final, TypedDict, Unpack

from sqlalchemy import and_, insert, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.protocol.rest import CommandStatus
from chatops.server.crud.filters import among, equals, within
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change, execute_many
from chatops.server.db.models import Command, CommandOutput, OutputStream

UNDER_WAY: Final[tuple[CommandStatus, ...]] = ("sent", "running")
"""Given to an agent, and not known to be over."""


class CommandChanges(TypedDict, total=False):
    """What changes while a command goes its way."""

    status: CommandStatus
    exit_code: int | None
    signal: int | None
    sent_at: float
    started_at: float | None
    finished_at: float | None
    duration_ms: int | None
    truncated: bool
    dropped_bytes: int
    reason: str | None
    error: str | None


async def create(
    session: AsyncSession,
    *,
    run_id: str,
    server_id: str,
    user_id: str | None,
    user_name: str | None,
    command: str | list[str],
    now: float,
    options: dict[str, Any] | None = None,
    idempotency_key: str | None = None,
    status: CommandStatus = "queued",
) -> Command:
    """A new command of a run. ``options`` holds no values of environment variables."""
    row = Command(
        id=new_id(now),
        run_id=run_id,
        server_id=server_id,
        user_id=user_id,
        user_name=user_name,
        command=command,
        options=options or {},
        idempotency_key=idempotency_key,
        status=status,
        created_at=now,
    )
    session.add(row)
    await session.flush()
    return row


async def get(session: AsyncSession, command_id: str) -> Command | None:
    """The command of this id."""
    return await session.get(Command, command_id)


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    server_ids: Collection[str] | None = None,
    user_name: str | None = None,
    run_id: str | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[Command], str | None]:
    """Commands, newest first. ``since`` is included, ``until`` is not."""
    conditions = [
        *among(col(Command.server_id), server_ids),
        *equals(col(Command.user_name), user_name),
        *equals(col(Command.run_id), run_id),
        *within(col(Command.created_at), since, until),
    ]
    return await page(
        session,
        select(Command).where(*conditions),
        by=[col(Command.created_at), col(Command.id)],
        limit=limit,
        cursor=cursor,
        newest_first=True,
    )


async def in_run(session: AsyncSession, run_id: str) -> list[Command]:
    """The commands of a run, in the order in which they were made."""
    statement = select(Command).where(col(Command.run_id) == run_id)
    return list(await session.scalars(statement.order_by(col(Command.id))))


async def by_idempotency_key(session: AsyncSession, *, user_id: str, key: str) -> list[Command]:
    """The commands that the user made with this key: those of one run, or none."""
    statement = select(Command).where(
        col(Command.user_id) == user_id, col(Command.idempotency_key) == key
    )
    return list(await session.scalars(statement.order_by(col(Command.id))))


async def open_for_server(
    session: AsyncSession, server_id: str, *, statuses: Collection[CommandStatus] = UNDER_WAY
) -> list[Command]:
    """The server's commands that are in one of ``statuses``, oldest first."""
    statement = select(Command).where(
        col(Command.server_id) == server_id, col(Command.status).in_(statuses)
    )
    return list(await session.scalars(statement.order_by(col(Command.id))))


async def open_all(
    session: AsyncSession, *, statuses: Collection[CommandStatus] = UNDER_WAY
) -> list[Command]:
    """All commands that are in one of ``statuses``, oldest first."""
    statement = select(Command).where(col(Command.status).in_(statuses))
    return list(await session.scalars(statement.order_by(col(Command.id))))


async def update(
    session: AsyncSession,
    command_id: str,
    *,
    expected: Collection[CommandStatus],
    **changes: Unpack[CommandChanges],
) -> bool:
    """Change the given fields if the status is one of ``expected``; False if it is not."""
    statement = (
        sql_update(Command)
        .where(col(Command.id) == command_id, col(Command.status).in_(expected))
        .values(**changes)
    )
    return await change(session, statement) == 1


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` commands that were over before that time; answers how many."""
    over = and_(col(Command.created_at) < before, col(Command.finished_at) < before)
    return await delete_some(session, Command, col(Command.id), over, limit=limit)


async def add_output(
    session: AsyncSession,
    command_id: str,
    stream: OutputStream,
    pieces: Iterable[tuple[int, bytes]],
) -> None:
    """Keep pieces of a stream, (offset, bytes) in order of offset.

    They replace what was kept from the first one's offset on: the end of a command can come
    twice, and the later account is the fuller one.
    """
    rows = [
        {"command_id": command_id, "stream": stream, "offset": offset, "data": data}
        for offset, data in pieces
    ]
    if not rows:
        return
    await change(
        session,
        sql_delete(CommandOutput).where(
            col(CommandOutput.command_id) == command_id,
            col(CommandOutput.stream) == stream,
            col(CommandOutput.offset) >= rows[0]["offset"],
        ),
    )
    await execute_many(session, insert(CommandOutput), rows)


async def get_output(
    session: AsyncSession, command_id: str, stream: OutputStream
) -> list[tuple[int, bytes]]:
    """What is kept of a stream: pieces with their offsets, in order."""
    statement = (
        select(col(CommandOutput.offset), col(CommandOutput.data))
        .where(col(CommandOutput.command_id) == command_id, col(CommandOutput.stream) == stream)
        .order_by(col(CommandOutput.offset))
    )
    return [(offset, data) for offset, data in await session.execute(statement)]
