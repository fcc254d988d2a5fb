"""The audit record. It is only ever appended to."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Final, TypedDict

from sqlalchemy import insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.filters import within
from chatops.server.crud.paging import page
from chatops.server.db.models import AuditLog
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewRecord(TypedDict):
    """A record that was chained to the last one."""

    ts: float
    user_id: str | None
    user_name: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    prev_hash: str
    hash: str


_APPEND: Final = Statement(insert(AuditLog), NewRecord.__annotations__)
_LAST_HASH: Final = Statement(select(col(AuditLog.hash)).order_by(col(AuditLog.id).desc()).limit(1))


def append(tx: Transaction, record: NewRecord) -> None:
    """Add a record; the caller has chained it to ``last_hash`` in the same transaction."""
    tx.run(_APPEND, record)


def last_hash(tx: Transaction) -> str | None:
    """The hash of the newest record."""
    row = tx.first(_LAST_HASH)
    return row[0] if row else None


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
