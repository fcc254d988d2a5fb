"""API tokens: the credentials of scripts, each on behalf of a user."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.protocol.names import Role
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change, execute_many
from chatops.server.db.models import ApiToken


async def create(
    session: AsyncSession,
    *,
    user_id: str,
    name: str,
    prefix: str,
    token_hash: str,
    role: Role,
    now: float,
    servers: str | None = None,
    expires_at: float | None = None,
) -> ApiToken:
    """A new token; the prefix must be free. ``servers`` is a TARGET of ids, globs and
    tags."""
    token = ApiToken(
        id=new_id(now),
        user_id=user_id,
        name=name,
        prefix=prefix,
        hash=token_hash,
        role=role,
        servers=servers,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    await session.flush()
    return token


async def get(session: AsyncSession, token_id: str) -> ApiToken | None:
    """The token of this id."""
    return await session.get(ApiToken, token_id)


async def get_by_prefix(session: AsyncSession, prefix: str) -> ApiToken | None:
    """The token that begins with ``prefix``; the caller compares the hash."""
    return await session.scalar(select(ApiToken).where(col(ApiToken.prefix) == prefix))


async def expiring(session: AsyncSession) -> list[ApiToken]:
    """Those that are not revoked and end by themselves, or did."""
    ends = (col(ApiToken.revoked_at).is_(None), col(ApiToken.expires_at).is_not(None))
    return list(await session.scalars(select(ApiToken).where(*ends)))


async def list_page(
    session: AsyncSession, *, limit: int, cursor: str | None = None, user_id: str
) -> tuple[list[ApiToken], str | None]:
    """The tokens of a user that are not revoked, in order of name."""
    mine = (col(ApiToken.user_id) == user_id, col(ApiToken.revoked_at).is_(None))
    statement = select(ApiToken).where(*mine)
    by = [col(ApiToken.name), col(ApiToken.id)]
    return await page(session, statement, by=by, limit=limit, cursor=cursor)


async def count(session: AsyncSession, *, user_id: str, now: float) -> int:
    """How many tokens of a user are neither revoked nor expired."""
    ends = col(ApiToken.expires_at)
    good = (col(ApiToken.revoked_at).is_(None), or_(ends.is_(None), ends > now))
    mine = select(func.count()).where(col(ApiToken.user_id) == user_id, *good)
    return await session.scalar(mine) or 0


async def revoke(session: AsyncSession, token_id: str, *, now: float) -> bool:
    """Revoke a token. False if there is none, or it is revoked already."""
    statement = (
        sql_update(ApiToken)
        .where(col(ApiToken.id) == token_id, col(ApiToken.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return await change(session, statement) == 1


async def touch(session: AsyncSession, used: Mapping[str, float]) -> None:
    """Note when the tokens (by id) were used last; unknown ids are passed over.

    Objects that the session has loaded keep the value they had.
    """
    table = ApiToken.metadata.tables["api_tokens"]
    await execute_many(
        session,
        sql_update(table).where(table.c.id == bindparam("token")).values(last_used=bindparam("at")),
        [{"token": token, "at": when} for token, when in used.items()],
    )
