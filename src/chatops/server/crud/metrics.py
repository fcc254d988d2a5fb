"""Samples in ``metrics.db``. Nothing else knows how they are stored."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Final, NamedTuple, TypedDict

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.limited import delete_some
from chatops.server.db.bulk import execute_many, insert_new
from chatops.server.db.models import MetricsRow

_CHUNK: Final = 500
"""Rows fetched at once by a walk through a server's history."""


class NewSample(TypedDict):
    """One sample as it came. ``sample`` is a protocol.metrics.Sample as JSON."""

    server_id: str
    epoch: str
    seq: int
    ts: float
    received_at: float
    sample: bytes


class StoredSample(NamedTuple):
    """When a sample was taken, by its agent's clock, and the sample as JSON."""

    ts: float
    sample: bytes


async def insert_many(session: AsyncSession, rows: Sequence[NewSample]) -> int:
    """Store samples; one whose (server, epoch, seq) is there is left out. How many are new."""
    return await execute_many(session, insert_new(MetricsRow), rows)


async def latest(session: AsyncSession, server_id: str) -> StoredSample | None:
    """The server's sample with the latest time."""
    row = (
        await session.execute(
            select(col(MetricsRow.ts), col(MetricsRow.sample))
            .where(col(MetricsRow.server_id) == server_id)
            .order_by(col(MetricsRow.ts).desc())
            .limit(1)
        )
    ).first()
    return StoredSample(*row) if row else None


async def latest_for_all(session: AsyncSession) -> dict[str, StoredSample]:
    """The latest sample of every server, by server id.

    The servers are found by stepping through the index from one to the next, so that the
    cost grows with their number and not with their samples'.
    """
    server = col(MetricsRow.server_id)
    found = select(func.min(server).label("id")).cte("found", recursive=True)
    following = select(func.min(server)).where(server > found.c.id).scalar_subquery()
    found = found.union_all(select(following).where(found.c.id.is_not(None)))
    newest = (
        select(col(MetricsRow.id))
        .where(server == found.c.id)
        .order_by(col(MetricsRow.ts).desc())
        .limit(1)
        .correlate(found)
        .scalar_subquery()
    )
    rows = await session.execute(
        select(server, col(MetricsRow.ts), col(MetricsRow.sample))
        .select_from(found)
        .join(MetricsRow, col(MetricsRow.id) == newest)
    )
    return {id_: StoredSample(ts, sample) for id_, ts, sample in rows}


async def history(
    session: AsyncSession, server_id: str, *, since: float, until: float
) -> AsyncGenerator[list[StoredSample], None]:
    """The samples of a server with since ≤ ts < until, in order of time, some at a time."""
    statement = (
        select(col(MetricsRow.ts), col(MetricsRow.sample))
        .where(
            col(MetricsRow.server_id) == server_id,
            col(MetricsRow.ts) >= since,
            col(MetricsRow.ts) < until,
        )
        .order_by(col(MetricsRow.ts))
    )
    rows = await session.stream(statement, execution_options={"yield_per": _CHUNK})
    try:
        async for some in rows.partitions():
            yield [StoredSample(ts, sample) for ts, sample in some]
    finally:
        await rows.close()


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` samples older than ``before``; answers how many."""
    old = col(MetricsRow.ts) < before
    return await delete_some(session, MetricsRow, col(MetricsRow.id), old, limit=limit)


async def delete_for_server(session: AsyncSession, server_id: str, *, limit: int) -> int:
    """Delete at most ``limit`` samples of a server that was removed; answers how many."""
    own = col(MetricsRow.server_id) == server_id
    return await delete_some(session, MetricsRow, col(MetricsRow.id), own, limit=limit)
