"""Silences."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.server.db.bulk import change
from chatops.server.db.models import Silence


async def create(
    session: AsyncSession,
    *,
    target: str,
    metric: str | None,
    until: float,
    comment: str | None,
    created_by: str,
    now: float,
) -> Silence:
    """A new silence."""
    row = Silence(
        id=new_id(now), target=target, metric=metric, until=until, comment=comment,
        created_at=now, created_by=created_by,
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return row


async def get(session: AsyncSession, silence_id: str) -> Silence | None:
    """The silence of this id."""
    return await session.get(Silence, silence_id)


async def holding(session: AsyncSession, *, now: float) -> Sequence[Silence]:
    """Those that have not ended, in the order in which they were made."""
    statement = select(Silence).where(col(Silence.until) > now).order_by(col(Silence.id))
    return (await session.scalars(statement)).all()


async def delete(session: AsyncSession, silence_id: str) -> bool:
    """End a silence. False if there is none."""
    return await change(session, sql_delete(Silence).where(col(Silence.id) == silence_id)) == 1


async def purge(session: AsyncSession, *, before: float) -> int:
    """Delete those that ended before that time; how many it were."""
    return await change(session, sql_delete(Silence).where(col(Silence.until) < before))


async def reassign(session: AsyncSession, *, owner_id: str, to: str) -> int:
    """Give all silences of one user to another; how many."""
    statement = sql_update(Silence).where(col(Silence.created_by) == owner_id)
    return await change(session, statement.values(created_by=to))
