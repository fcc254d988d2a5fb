"""Users."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from sqlalchemy import delete as sql_delete
from sqlalchemy import func, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import is_id, new_id
from chatops.protocol.names import Role
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change
from chatops.server.db.models import User


class UserChanges(TypedDict, total=False):
    """What may change in a user."""

    name: str
    password_hash: str
    role: Role
    disabled: bool
    last_login: float


async def create(
    session: AsyncSession, *, name: str, password_hash: str, role: Role, now: float
) -> User:
    """A new user; the name must be free."""
    user = User(id=new_id(now), name=name, password_hash=password_hash, role=role, created_at=now)
    session.add(user)
    await session.flush()
    return user


async def get(session: AsyncSession, user_id: str) -> User | None:
    """The user of this id."""
    return await session.get(User, user_id)


async def get_by_name(session: AsyncSession, name: str) -> User | None:
    """The user of this name."""
    return await session.scalar(select(User).where(col(User.name) == name))


async def get_by_name_or_id(session: AsyncSession, text: str) -> User | None:
    """The user that ``text`` names; no name has the form of an id."""
    return await (get if is_id(text) else get_by_name)(session, text)


async def list_page(
    session: AsyncSession, *, limit: int, cursor: str | None = None
) -> tuple[list[User], str | None]:
    """Users in order of name."""
    return await page(session, select(User), by=[col(User.name)], limit=limit, cursor=cursor)


async def names(session: AsyncSession, ids: Iterable[str]) -> dict[str, str]:
    """The names of those of ``ids`` that exist."""
    statement = select(col(User.id), col(User.name)).where(col(User.id).in_(set(ids)))
    return dict((await session.execute(statement)).all())


async def update(session: AsyncSession, user_id: str, **changes: Unpack[UserChanges]) -> bool:
    """Change the given fields. False if there is no such user."""
    statement = sql_update(User).where(col(User.id) == user_id).values(**changes)
    return await change(session, statement) == 1


async def end_sessions(session: AsyncSession, user_id: str) -> None:
    """Make every token of the user that carries an older ``generation`` void."""
    await session.execute(
        sql_update(User).where(col(User.id) == user_id).values(generation=col(User.generation) + 1)
    )


async def delete(session: AsyncSession, user_id: str) -> bool:
    """Delete a user with all credentials; servers and history stay, without an owner."""
    return await change(session, sql_delete(User).where(col(User.id) == user_id)) == 1


async def count(session: AsyncSession, *, role: Role | None = None, enabled: bool = False) -> int:
    """How many users there are; of ``role`` only, and not disabled ones, if so asked."""
    statement = select(func.count()).select_from(User)
    if role is not None:
        statement = statement.where(col(User.role) == role)
    if enabled:
        statement = statement.where(col(User.disabled).is_(False))
    return await session.scalar(statement) or 0
