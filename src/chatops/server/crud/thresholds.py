"""Alert thresholds: the rules that alerts are made by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change
from chatops.server.db.models import AlertThreshold


class ThresholdChanges(TypedDict, total=False):
    """What may change in a rule."""

    server_id: str | None
    name: str
    metric: str
    op: str
    value: float
    clear: float | None
    for_s: float
    severity: str
    target: str
    enabled: bool


async def create(
    session: AsyncSession,
    *,
    created_by: str | None,
    now: float,
    **fields: Unpack[ThresholdChanges],
) -> AlertThreshold:
    """A new rule; the name must be free. name, metric, op and value must be given."""
    rule = AlertThreshold(id=new_id(now), created_at=now, created_by=created_by, **fields)
    session.add(rule)
    await session.flush()
    return rule


async def get(session: AsyncSession, threshold_id: str) -> AlertThreshold | None:
    """The rule of this id."""
    return await session.get(AlertThreshold, threshold_id)


async def get_by_name(session: AsyncSession, name: str) -> AlertThreshold | None:
    """The rule of this name."""
    return await session.scalar(select(AlertThreshold).where(col(AlertThreshold.name) == name))


async def list_page(
    session: AsyncSession, *, limit: int, cursor: str | None = None
) -> tuple[list[AlertThreshold], str | None]:
    """Rules in order of name."""
    by = [col(AlertThreshold.name)]
    return await page(session, select(AlertThreshold), by=by, limit=limit, cursor=cursor)


async def everyone(session: AsyncSession) -> Sequence[AlertThreshold]:
    """All rules, in the order in which they were made."""
    return (await session.scalars(select(AlertThreshold).order_by(col(AlertThreshold.id)))).all()


async def names_like(session: AsyncSession, prefix: str) -> set[str]:
    """The names that begin so."""
    name = col(AlertThreshold.name)
    return set(await session.scalars(select(name).where(name.startswith(prefix, autoescape=True))))


async def count(session: AsyncSession) -> int:
    """How many rules there are."""
    return await session.scalar(select(func.count()).select_from(AlertThreshold)) or 0


async def reassign(session: AsyncSession, *, owner_id: str, to: str) -> int:
    """Give all rules of one user to another; how many."""
    statement = sql_update(AlertThreshold).where(col(AlertThreshold.created_by) == owner_id)
    return await change(session, statement.values(created_by=to))


async def update(
    session: AsyncSession, threshold_id: str, **changes: Unpack[ThresholdChanges]
) -> bool:
    """Change the given fields. False if there is no such rule."""
    statement = (
        sql_update(AlertThreshold).where(col(AlertThreshold.id) == threshold_id).values(**changes)
    )
    return await change(session, statement) == 1


async def delete(session: AsyncSession, threshold_id: str) -> bool:
    """Delete a rule; its alerts stay and keep its name."""
    statement = sql_delete(AlertThreshold).where(col(AlertThreshold.id) == threshold_id)
    return await change(session, statement) == 1
