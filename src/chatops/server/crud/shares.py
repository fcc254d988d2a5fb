"""Shares: what accounts other than the owner may do on a server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import delete as sql_delete
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.protocol.names import Role
from chatops.server.db.bulk import change
from chatops.server.db.models import ServerShare, User


async def role(session: AsyncSession, *, server_id: str, user_id: str) -> Role | None:
    """What the user was given on the server."""
    statement = select(col(ServerShare.role)).where(
        col(ServerShare.server_id) == server_id, col(ServerShare.user_id) == user_id
    )
    return await session.scalar(statement)


async def put(
    session: AsyncSession, *, server_id: str, user_id: str, role: Role, now: float
) -> None:
    """Give the user this role on the server, in place of what it had."""
    await remove(session, server_id=server_id, user_id=user_id)
    session.add(ServerShare(server_id=server_id, user_id=user_id, role=role, created_at=now))
    await session.flush()


async def remove(session: AsyncSession, *, server_id: str, user_id: str) -> bool:
    """Take it back; False if there was none."""
    statement = sql_delete(ServerShare).where(
        col(ServerShare.server_id) == server_id, col(ServerShare.user_id) == user_id
    )
    return await change(session, statement) == 1


async def remove_from(session: AsyncSession, server_ids: Iterable[str], *, user_id: str) -> None:
    """Take the user's shares of these servers back, where there are any."""
    await session.execute(
        sql_delete(ServerShare).where(
            col(ServerShare.server_id).in_(set(server_ids)), col(ServerShare.user_id) == user_id
        )
    )


class Given(NamedTuple):
    """A share, and the account it was given to."""

    user: str
    account: Role
    role: Role
    since: float


async def of_server(session: AsyncSession, server_id: str) -> list[Given]:
    """The shares of a server, in order of the users' names."""
    columns = (col(User.name), col(User.role), col(ServerShare.role), col(ServerShare.created_at))
    statement = (
        select(*columns)
        .join(User, col(User.id) == col(ServerShare.user_id))
        .where(col(ServerShare.server_id) == server_id)
        .order_by(col(User.name))
    )
    return [Given(*row) for row in await session.execute(statement)]
