"""Connection events."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, TypedDict, Unpack

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.filters import among, within
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import page
from chatops.server.db.models import ConnectionEvent
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewEvent(TypedDict):
    """``server_id`` None where no server is known (a refused key)."""

    server_id: str | None
    event: str
    ts: float
    address: str | None
    reason: str | None


_NOTE: Final = Statement(insert(ConnectionEvent), NewEvent.__annotations__)


def note(tx: Transaction, **event: Unpack[NewEvent]) -> None:
    """Note an event in a short transaction."""
    tx.run(_NOTE, event)


async def add(
    session: AsyncSession,
    *,
    server_id: str | None,
    event: str,
    now: float,
    address: str | None = None,
    reason: str | None = None,
) -> ConnectionEvent:
    """Note an event; ``server_id`` None where no server is known (a refused key)."""
    row = ConnectionEvent(server_id=server_id, event=event, ts=now, address=address, reason=reason)
    session.add(row)
    await session.flush()
    return row


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    server_ids: Collection[str] | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[ConnectionEvent], str | None]:
    """Events, newest first. ``since`` is included, ``until`` is not."""
    statement = select(ConnectionEvent).where(
        *among(col(ConnectionEvent.server_id), server_ids),
        *within(col(ConnectionEvent.ts), since, until),
    )
    by = [col(ConnectionEvent.id)]
    return await page(session, statement, by=by, limit=limit, cursor=cursor, newest_first=True)


async def turns(
    session: AsyncSession, server_id: str, since: float, until: float
) -> list[tuple[float, str]]:
    """When a server's agent came and went in a span, in order of time, and the last time before
    it: (time, event)."""
    ts, event = col(ConnectionEvent.ts), col(ConnectionEvent.event)
    own = (col(ConnectionEvent.server_id) == server_id, event.in_(("connected", "disconnected")))
    statement = select(ts, event).where(*own)
    before = await session.execute(
        statement.where(ts < since).order_by(ts.desc(), col(ConnectionEvent.id).desc()).limit(1)
    )
    inside = await session.execute(
        statement.where(ts >= since, ts < until).order_by(ts, col(ConnectionEvent.id))
    )
    return [(row[0], row[1]) for row in (*before, *inside)]


async def latest_by_server(
    session: AsyncSession, server_ids: Collection[str]
) -> dict[str, ConnectionEvent]:
    """The newest event of each server, by server id."""
    server = col(ConnectionEvent.server_id)
    newest = (
        select(func.max(col(ConnectionEvent.id))).where(server.in_(server_ids)).group_by(server)
    )
    rows = await session.scalars(select(ConnectionEvent).where(col(ConnectionEvent.id).in_(newest)))
    return {row.server_id: row for row in rows if row.server_id is not None}


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` events older than ``before``; answers how many."""
    old = col(ConnectionEvent.ts) < before
    return await delete_some(session, ConnectionEvent, col(ConnectionEvent.id), old, limit=limit)
