"""Commands and what is kept of their output."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterable
from typing import Final, TypedDict, Unpack

from sqlalchemy import and_, bindparam, func, insert, or_, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.protocol.rest import CommandStatus
from chatops.server.crud.filters import among, equals, within
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import page
from chatops.server.db.models import Command, CommandOutput, OutputStream
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction, in_session

OPEN: Final[tuple[CommandStatus, ...]] = ("queued", "sent", "running")
"""Not known to be over."""


class NewCommand(TypedDict):
    """What a command begins with. One that cannot be run is over with its record."""

    id: str
    run_id: str
    server_id: str
    user_id: str | None
    user_name: str | None
    command: str | list[str]
    status: CommandStatus
    created_at: float
    sent_at: float | None
    finished_at: float | None
    reason: str | None
    error: str | None
    container: str | None


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
    stdout_bytes: int
    stderr_bytes: int
    cancelled_at: float | None
    reason: str | None
    error: str | None


_CREATE: Final = Statement(
    insert(Command),
    [*NewCommand.__annotations__, *(zeros := ("dropped_bytes", "stdout_bytes", "stderr_bytes")),
     "truncated"],
)  # fmt: skip
_NOTHING_YET: Final = {**dict.fromkeys(zeros, 0), "truncated": False}


def create(tx: Transaction, rows: Iterable[NewCommand]) -> None:
    """New commands of a run."""
    tx.run_all(_CREATE, [{**row, **_NOTHING_YET} for row in rows])


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
    statuses: Collection[CommandStatus] | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[Command], str | None]:
    """Commands, newest first. ``since`` is included, ``until`` is not."""
    conditions = [
        *among(col(Command.server_id), server_ids),
        *equals(col(Command.user_name), user_name),
        *equals(col(Command.run_id), run_id),
        *among(col(Command.status), statuses),
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
    """The commands of a run, in no order that means anything."""
    return list(await session.scalars(select(Command).where(col(Command.run_id) == run_id)))


async def open_all(session: AsyncSession) -> list[Command]:
    """All commands that are not over, oldest first."""
    statement = select(Command).where(col(Command.status).in_(OPEN))
    return list(await session.scalars(statement.order_by(col(Command.id))))


async def failures(session: AsyncSession, run_id: str) -> int:
    """How many of a run's commands ran, or may have run, and did not succeed."""
    failed = col(Command.status).in_(("failed", "timed_out", "lost"))
    ran = or_(col(Command.signal).is_not(None), col(Command.exit_code).is_not(None))
    ended = and_(col(Command.status) == "cancelled", ran)
    statement = select(func.count()).where(col(Command.run_id) == run_id, or_(failed, ended))
    return await session.scalar(statement) or 0


def update_all(
    tx: Transaction,
    command_ids: Iterable[str],
    *,
    expected: Collection[CommandStatus],
    **changes: Unpack[CommandChanges],
) -> int:
    """Change the given fields of those whose status is one of ``expected``; how many."""
    statement = _update(tuple(changes), tuple(expected))
    return tx.run_all(statement, [{"command_id": one, **changes} for one in command_ids])


def update(
    tx: Transaction,
    command_id: str,
    *,
    expected: Collection[CommandStatus],
    **changes: Unpack[CommandChanges],
) -> bool:
    """Change the given fields if the status is one of ``expected``; False if it is not."""
    statement = _update(tuple(changes), tuple(expected))
    return tx.run(statement, {"command_id": command_id, **changes}) == 1


@functools.lru_cache(maxsize=64)
def _update(fields: tuple[str, ...], expected: tuple[CommandStatus, ...]) -> Statement:
    status = or_(*(col(Command.status) == one for one in expected))
    statement = sql_update(Command).where(col(Command.id) == bindparam("command_id"), status)
    return Statement(statement.values({name: bindparam(name) for name in fields}))


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` commands that were over before that time; answers how many."""
    over = and_(col(Command.created_at) < before, col(Command.finished_at) < before)
    return await delete_some(session, Command, col(Command.id), over, limit=limit)


_FORGET_OUTPUT: Final = Statement(
    sql_delete(CommandOutput).where(
        col(CommandOutput.command_id) == bindparam("command_id"),
        col(CommandOutput.stream) == bindparam("stream"),
        col(CommandOutput.offset) >= bindparam("offset"),
    )
)
_ADD_OUTPUT: Final = Statement(insert(CommandOutput), ["command_id", "stream", "offset", "data"])


def add_output(
    tx: Transaction, command_id: str, stream: OutputStream, pieces: Iterable[tuple[int, bytes]]
) -> None:
    """Keep pieces of a stream, (offset, bytes) in order of offset.

    They replace what was kept from the first one's offset on: the end of a command can come
    twice, and the later account is the fuller one.
    """
    rows = [
        {"command_id": command_id, "stream": stream, "offset": offset, "data": data}
        for offset, data in pieces
    ]
    if rows:
        tx.run(_FORGET_OUTPUT, rows[0])
        tx.run_all(_ADD_OUTPUT, rows)


_LENGTHS: Final = Statement(
    select(col(Command.stdout_bytes), col(Command.stderr_bytes)).where(
        col(Command.id) == bindparam("command_id")
    )
)
_STORED: Final = Statement(
    select(func.coalesce(func.sum(func.length(col(CommandOutput.data))), 0)).where(
        col(CommandOutput.command_id) == bindparam("command_id")
    )
)


def lengths(tx: Transaction, command_id: str) -> tuple[int, int]:
    """How long the streams of a command are, as far as its row tells."""
    row = tx.first(_LENGTHS, {"command_id": command_id})
    return (row[0], row[1]) if row else (0, 0)


def stored(tx: Transaction, command_id: str) -> int:
    """How many bytes of both streams are kept."""
    row = tx.first(_STORED, {"command_id": command_id})
    return int(row[0]) if row else 0


_OUTPUT: Final = Statement(
    select(col(CommandOutput.offset), col(CommandOutput.data))
    .where(
        col(CommandOutput.command_id) == bindparam("command_id"),
        col(CommandOutput.stream) == bindparam("stream"),
    )
    .order_by(col(CommandOutput.offset))
)


async def get_output(
    session: AsyncSession, command_id: str, stream: OutputStream
) -> list[tuple[int, bytes]]:
    """What is kept of a stream: pieces with their offsets, in order."""
    values = {"command_id": command_id, "stream": stream}
    rows = await in_session(session, lambda tx: tx.all(_OUTPUT, values))
    return [(offset, data) for offset, data in rows]
