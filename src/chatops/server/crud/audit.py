"""The audit record. It is appended to, and pruned from its old end; nothing else."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from sqlalchemy import bindparam, delete, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.filters import equals, within
from chatops.server.crud.paging import page
from chatops.server.db.models import AuditLog
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class NewRecord(TypedDict):
    """A record that was chained to the last one."""

    id: int
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


GOOD: Final = ("ok", "sent", "queued", "succeeded")
"""Outcomes with which nothing is wrong, as far as is known."""

Row = tuple[Any, ...]
"""A record's columns in the order of NewRecord; ``detail`` is JSON text or None."""

_ID, _TS = col(AuditLog.id), col(AuditLog.ts)
_COLUMNS: Final = [getattr(AuditLog, name) for name in NewRecord.__annotations__]
_APPEND: Final = Statement(insert(AuditLog), NewRecord.__annotations__)
_NEWEST: Final = Statement(select(_ID, col(AuditLog.hash)).order_by(_ID.desc()).limit(1))
_AFTER: Final = Statement(
    select(*_COLUMNS).where(bindparam("after") < _ID).order_by(_ID).limit(bindparam("count"))
)
_OF: Final = Statement(
    select(*_COLUMNS)
    .where(col(AuditLog.action) == bindparam("wanted"))
    .order_by(_ID.desc())
    .limit(bindparam("count"))
)
_OLDEST: Final = Statement(select(_ID, _TS).order_by(_ID).limit(1))
_NEWEST_BEFORE: Final = Statement(
    select(*_COLUMNS).where(bindparam("before") > _TS).order_by(_TS.desc(), _ID.desc()).limit(1)
)
_DELETE: Final = Statement(delete(AuditLog).where(bindparam("through") >= _ID))


def append(tx: Transaction, record: NewRecord) -> None:
    """Add a record; the caller has chained it to ``newest`` in the same transaction."""
    tx.run(_APPEND, record)


def newest(tx: Transaction) -> tuple[int, str] | None:
    """Id and hash of the newest record."""
    return _pair(tx.first(_NEWEST))


def after(tx: Transaction, record_id: int, *, limit: int) -> list[Row]:
    """The next records above an id, oldest first."""
    return tx.all_whatever_it_holds(_AFTER, {"after": record_id, "count": limit})


def of_action(tx: Transaction, action: str, *, limit: int) -> list[Row]:
    """Records of one action, newest first."""
    return tx.all_whatever_it_holds(_OF, {"wanted": action, "count": limit})


def oldest(tx: Transaction) -> tuple[int, float] | None:
    """Id and time of the oldest record."""
    return _pair(tx.first(_OLDEST))


def newest_before(tx: Transaction, before: float) -> Row | None:
    """The last record from before a time."""
    return next(iter(tx.all_whatever_it_holds(_NEWEST_BEFORE, {"before": before})), None)


def delete_through(tx: Transaction, through: int, *, limit: int) -> int:
    """Delete at most ``limit`` records with an id up to ``through``, the oldest first; how many."""
    first = oldest(tx)
    if first is None or first[0] > through:
        return 0
    return tx.run(_DELETE, {"through": min(through, first[0] + limit - 1)})


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    user: str | None = None,
    action: str | None = None,
    target: str | None = None,
    outcome: str | None = None,
    since: float | None = None,
    until: float | None = None,
) -> tuple[list[AuditLog], str | None]:
    """Records, newest first. ``user`` is a name or id, ``action`` how the action begins, ``target``
    what the target has in it, in any case. ``outcome`` is one, or ``bad``: all but GOOD."""
    statement = select(AuditLog).where(*within(_TS, since, until))
    if user is not None:
        own = or_(col(AuditLog.user_name) == user, col(AuditLog.user_id) == user)
        statement = statement.where(own)
    if action is not None:
        statement = statement.where(col(AuditLog.action).startswith(action, autoescape=True))
    if target is not None:
        statement = statement.where(col(AuditLog.target).icontains(target, autoescape=True))
    if outcome == "bad":
        statement = statement.where(col(AuditLog.outcome).not_in(GOOD))
    else:
        statement = statement.where(*equals(col(AuditLog.outcome), outcome))
    by = [_ID]
    return await page(session, statement, by=by, limit=limit, cursor=cursor, newest_first=True)


def _pair(row: Row | None) -> tuple[Any, Any] | None:
    return (row[0], row[1]) if row else None
