"""Shipped log lines and hub events in ``logs.db``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypedDict

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.limited import delete_some
from chatops.server.db.models import LogEntryRow
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewLogEntry(TypedDict):
    """One line; ``server_id`` None is the hub itself."""

    server_id: str | None
    ts: float
    received_at: float
    level: str
    source: str
    message: str


_INSERT: Final = Statement(insert(LogEntryRow), NewLogEntry.__annotations__)


def insert_many(tx: Transaction, rows: Sequence[NewLogEntry]) -> None:
    """Store lines."""
    tx.run_all(_INSERT, rows)


async def tail(session: AsyncSession, server_id: str | None, *, limit: int) -> list[LogEntryRow]:
    """The server's newest ``limit`` lines, in order of time."""
    rows = await session.scalars(
        select(LogEntryRow)
        .where(col(LogEntryRow.server_id) == server_id)
        .order_by(col(LogEntryRow.ts).desc(), col(LogEntryRow.id).desc())
        .limit(limit)
    )
    return list(rows)[::-1]


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` lines received before that time; answers how many."""
    old = col(LogEntryRow.received_at) < before
    return await delete_some(session, LogEntryRow, col(LogEntryRow.id), old, limit=limit)


async def delete_for_server(session: AsyncSession, server_id: str, *, limit: int) -> int:
    """Delete at most ``limit`` lines of a server that was removed; answers how many."""
    own = col(LogEntryRow.server_id) == server_id
    return await delete_some(session, LogEntryRow, col(LogEntryRow.id), own, limit=limit)
