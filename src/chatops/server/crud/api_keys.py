"""API keys: the credentials of agents."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.server.crud.filters import among
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change
from chatops.server.db.models import ApiKey, Server
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class AgentKey(NamedTuple):
    """A key, and what is known of the server that it stands for."""

    id: str
    name: str
    prefix: str
    hash: str
    expires_at: float | None
    revoked_at: float | None
    server_id: str
    server_name: str
    journal_epoch: str | None
    machine_id: str | None


_AGENT_KEY: Final = Statement(
    select(
        *(getattr(ApiKey, name) for name in AgentKey._fields[:7]),
        col(Server.name),
        col(Server.journal_epoch),
        col(Server.host)["machine_id"].as_string(),
    )
    .join(Server, col(Server.id) == col(ApiKey.server_id))
    .where(col(ApiKey.prefix) == bindparam("prefix"))
)
_ALIVE: Final = Statement(
    select(col(ApiKey.revoked_at), col(ApiKey.expires_at)).where(col(ApiKey.id) == bindparam("key"))
)
_TOUCH: Final = Statement(
    sql_update(ApiKey).where(col(ApiKey.id) == bindparam("key")).values(last_used=bindparam("now"))
)


def agent_key(tx: Transaction, prefix: str) -> AgentKey | None:
    """The key that begins with ``prefix``; the caller compares the hash."""
    row = tx.first(_AGENT_KEY, {"prefix": prefix})
    return AgentKey(*row) if row else None


def ends(tx: Transaction, key_id: str) -> tuple[float | None, float | None] | None:
    """When a key was revoked and when it expires; None if it is gone."""
    row = tx.first(_ALIVE, {"key": key_id})
    return (row[0], row[1]) if row else None


def touch(tx: Transaction, key_id: str, now: float) -> None:
    """Note that the key was used."""
    tx.run(_TOUCH, {"key": key_id, "now": now})


async def create(
    session: AsyncSession,
    *,
    server_id: str,
    created_by: str | None,
    name: str,
    prefix: str,
    key_hash: str,
    now: float,
    expires_at: float | None = None,
) -> ApiKey:
    """A new key; the prefix must be free."""
    key = ApiKey(
        id=new_id(now),
        server_id=server_id,
        created_by=created_by,
        name=name,
        prefix=prefix,
        hash=key_hash,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(key)
    await session.flush()
    return key


async def get(session: AsyncSession, key_id: str) -> ApiKey | None:
    """The key of this id."""
    return await session.get(ApiKey, key_id)


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    server_ids: Collection[str] | None = None,
) -> tuple[list[ApiKey], str | None]:
    """Keys in order of name; of ``server_ids`` only, if given."""
    statement = select(ApiKey).where(*among(col(ApiKey.server_id), server_ids))
    by = [col(ApiKey.name), col(ApiKey.id)]
    return await page(session, statement, by=by, limit=limit, cursor=cursor)


async def expiring(
    session: AsyncSession,
    since: float,
    until: float,
    *,
    limit: int,
    server_ids: Collection[str] | None = None,
) -> list[ApiKey]:
    """Keys that can still be used and end between the two times, soonest first; of
    ``server_ids`` only, if given."""
    ends = col(ApiKey.expires_at)
    statement = (
        select(ApiKey)
        .where(
            ends > since,
            ends <= until,
            col(ApiKey.revoked_at).is_(None),
            *among(col(ApiKey.server_id), server_ids),
        )
        .order_by(ends, col(ApiKey.id))
        .limit(limit)
    )
    return list(await session.scalars(statement))


async def usable(session: AsyncSession, ids: Collection[str]) -> set[str]:
    """Those of ``ids`` that are there and not revoked."""
    which = select(col(ApiKey.id)).where(col(ApiKey.id).in_(ids), col(ApiKey.revoked_at).is_(None))
    return set(await session.scalars(which))


async def revoke(session: AsyncSession, key_id: str, *, now: float) -> bool:
    """Revoke a key. False if there is none, or it is revoked already."""
    statement = (
        sql_update(ApiKey)
        .where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return await change(session, statement) == 1
