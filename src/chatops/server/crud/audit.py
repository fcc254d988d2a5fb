"""The audit record. It is only ever appended to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.filters import within
from chatops.server.crud.paging import page
from chatops.server.db.models import AuditLog


async def append(
    session: AsyncSession,
    *,
    ts: float,
    user_id: str | None,
    user_name: str | None,
    action: str,
    target: str | None,
    outcome: str,
    address: str | None,
    detail: dict[str, Any] | None,
    prev_hash: str,
    record_hash: str,
) -> AuditLog:
    """Add a record; the caller has chained it to ``last`` in the same transaction."""
    record = AuditLog(
        ts=ts,
        user_id=user_id,
        user_name=user_name,
        action=action,
        target=target,
        outcome=outcome,
        address=address,
        detail=detail,
        prev_hash=prev_hash,
        hash=record_hash,
    )
    session.add(record)
    await session.flush()
    return record


async def last(session: AsyncSession) -> AuditLog | None:
    """The newest record."""
    return await session.scalar(select(AuditLog).order_by(col(AuditLog.id).desc()).limit(1))


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    user: str | None = None,
    action: str | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[AuditLog], str | None]:
    """Records, newest first. ``user`` is a name or id, ``action`` how the action begins."""
    statement = select(AuditLog).where(*within(col(AuditLog.ts), since, until))
    if user is not None:
        own = or_(col(AuditLog.user_name) == user, col(AuditLog.user_id) == user)
        statement = statement.where(own)
    if action is not None:
        statement = statement.where(col(AuditLog.action).startswith(action, autoescape=True))
    by = [col(AuditLog.id)]
    return await page(session, statement, by=by, limit=limit, cursor=cursor, newest_first=True)


async def iterate(
    session: AsyncSession, *, after: int = 0, batch: int = 500
) -> AsyncGenerator[AuditLog, None]:
    """All records with an id above ``after``, oldest first, read in batches."""
    while True:
        statement = select(AuditLog).where(col(AuditLog.id) > after)
        rows = list(await session.scalars(statement.order_by(col(AuditLog.id)).limit(batch)))
        for row in rows:
            yield row
        if len(rows) < batch:
            return
        after = rows[-1].id or after
