"""Refresh tokens: each is used once, and a family is one sign-in with all that follow."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import new_id
from chatops.server.crud.limited import delete_some
from chatops.server.db.bulk import change
from chatops.server.db.models import RefreshToken


async def create(
    session: AsyncSession,
    *,
    family: str,
    user_id: str,
    token_hash: str,
    expires_at: float,
    now: float,
) -> RefreshToken:
    """The newest token of a family."""
    token = RefreshToken(
        id=new_id(now),
        family=family,
        user_id=user_id,
        hash=token_hash,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(token)
    await session.flush()
    return token


async def get_by_hash(session: AsyncSession, token_hash: str) -> RefreshToken | None:
    """The token with this hash, whatever its state."""
    return await session.scalar(select(RefreshToken).where(col(RefreshToken.hash) == token_hash))


async def mark_used(session: AsyncSession, token_id: str, *, now: float) -> bool:
    """Use a token up. False if it was used or revoked before: a replay."""
    statement = (
        sql_update(RefreshToken)
        .where(
            col(RefreshToken.id) == token_id,
            col(RefreshToken.used_at).is_(None),
            col(RefreshToken.revoked_at).is_(None),
        )
        .values(used_at=now)
    )
    return await change(session, statement) == 1


async def used_since(session: AsyncSession, token: RefreshToken) -> bool:
    """Whether another of its family was used since a token was, those that are void aside."""
    statement = select(col(RefreshToken.id)).where(
        col(RefreshToken.family) == token.family,
        col(RefreshToken.id) != token.id,
        col(RefreshToken.used_at) >= token.used_at,
        col(RefreshToken.revoked_at).is_(None),
    )
    return await session.scalar(statement.limit(1)) is not None


async def void_unused(session: AsyncSession, family: str, *, now: float) -> int:
    """Make the tokens of a family that were not used count as used, and as revoked; how many."""
    statement = (
        sql_update(RefreshToken)
        .where(
            col(RefreshToken.family) == family,
            col(RefreshToken.used_at).is_(None),
            col(RefreshToken.revoked_at).is_(None),
        )
        .values(used_at=now, revoked_at=now)
    )
    return await change(session, statement)


async def revoke_family(session: AsyncSession, family: str, *, now: float) -> int:
    """End a family; answers how many of its tokens were not revoked yet."""
    return await _revoke(session, col(RefreshToken.family) == family, now)


async def revoke_user(session: AsyncSession, user_id: str, *, now: float) -> int:
    """End all families of a user; answers how many tokens were not revoked yet."""
    return await _revoke(session, col(RefreshToken.user_id) == user_id, now)


async def delete_expired(session: AsyncSession, *, now: float, limit: int) -> int:
    """Delete at most ``limit`` tokens past their time; answers how many."""
    expired = col(RefreshToken.expires_at) < now
    return await delete_some(session, RefreshToken, col(RefreshToken.id), expired, limit=limit)


async def _revoke(session: AsyncSession, which: ColumnElement[bool], now: float) -> int:
    statement = (
        sql_update(RefreshToken)
        .where(which, col(RefreshToken.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    return await change(session, statement)
