"""Channels: where alerts are told."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import bindparam, func, select
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.server.crud.paging import page
from chatops.server.db.models import Channel
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class Filter(NamedTuple):
    """What of a channel decides which alerts it is for."""

    id: str
    severity: str
    target: str


_FILTERS: Final = Statement(
    select(col(Channel.id), col(Channel.severity), col(Channel.target)).order_by(col(Channel.id))
)
_RESULT: Final = Statement(
    sql_update(Channel)
    .where(col(Channel.id) == bindparam("channel"))
    .values(last_result=bindparam("last_result"), last_result_at=bindparam("last_result_at"))
)


def filters(tx: Transaction) -> list[Filter]:
    """Of all channels."""
    return [Filter._make(row) for row in tx.all(_FILTERS)]


def set_result(tx: Transaction, channel_id: str, result: str, now: float) -> None:
    """What came of the newest attempt."""
    tx.run(_RESULT, {"channel": channel_id, "last_result": result, "last_result_at": now})


async def add(session: AsyncSession, channel: Channel) -> None:
    """A new channel; its name must be free."""
    session.add(channel)
    await session.flush()


async def get(session: AsyncSession, channel_id: str) -> Channel | None:
    """The channel of this id."""
    return await session.get(Channel, channel_id)


async def get_by_name_or_id(session: AsyncSession, text: str) -> Channel | None:
    """The channel that ``text`` names; no name has the form of an id."""
    named = (col(Channel.name) == text) | (col(Channel.id) == text)
    return await session.scalar(select(Channel).where(named))


async def list_page(
    session: AsyncSession, *, limit: int, cursor: str | None = None
) -> tuple[list[Channel], str | None]:
    """Channels in order of name."""
    by = [col(Channel.name)]
    return await page(session, select(Channel), by=by, limit=limit, cursor=cursor)


async def ids(session: AsyncSession) -> list[str]:
    """Ids of all channels."""
    return list(await session.scalars(select(col(Channel.id)).order_by(col(Channel.id))))


async def count(session: AsyncSession) -> int:
    """How many there are."""
    return await session.scalar(select(func.count()).select_from(Channel)) or 0


async def remove(session: AsyncSession, channel: Channel) -> None:
    """Remove one, with all that it was to be told."""
    await session.delete(channel)
    await session.flush()
