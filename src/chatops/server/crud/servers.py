"""Servers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, TypedDict, Unpack

from sqlalchemy import bindparam, func, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import is_id, new_id
from chatops.server.crud.filters import Conditions, among, equals
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change, execute_many
from chatops.server.db.models import Server


class ServerChanges(TypedDict, total=False):
    """What people may change in a server. ``tags`` replaces all tags."""

    name: str
    owner_id: str | None
    tags: dict[str, str]


class ServerFacts(TypedDict, total=False):
    """What an agent tells when it connects."""

    last_seen: float
    agent_version: str
    os: str
    host: dict[str, Any]
    allow: list[str]
    address: str | None
    clock_skew_s: float
    journal_epoch: str


class Filters(TypedDict, total=False):
    """Which servers are meant; filters that are left out or None let all pass.

    ``ids`` and ``without`` take and leave out ids, ``seen`` is whether an agent has ever
    connected, ``tags`` must all be there with these values.
    """

    owner_id: str | None
    tags: Mapping[str, str]
    ids: Collection[str] | None
    without: Collection[str] | None
    seen: bool | None


async def create(
    session: AsyncSession, *, name: str, owner_id: str | None, tags: Mapping[str, str], now: float
) -> Server:
    """A new server; the name must be free."""
    server = Server(id=new_id(now), name=name, owner_id=owner_id, tags=dict(tags), created_at=now)
    session.add(server)
    await session.flush()
    return server


async def get(session: AsyncSession, server_id: str) -> Server | None:
    """The server of this id."""
    return await session.get(Server, server_id)


async def get_by_name(session: AsyncSession, name: str) -> Server | None:
    """The server of this name."""
    return await session.scalar(select(Server).where(col(Server.name) == name))


async def get_by_name_or_id(session: AsyncSession, text: str) -> Server | None:
    """The server that ``text`` names; no name has the form of an id."""
    return await (get if is_id(text) else get_by_name)(session, text)


async def list_page(
    session: AsyncSession, *, limit: int, cursor: str | None = None, **filters: Unpack[Filters]
) -> tuple[list[Server], str | None]:
    """Servers in order of name."""
    statement = select(Server).where(*_conditions(filters))
    return await page(session, statement, by=[col(Server.name)], limit=limit, cursor=cursor)


async def count(session: AsyncSession, **filters: Unpack[Filters]) -> int:
    """How many servers pass the filters."""
    statement = select(func.count()).select_from(Server).where(*_conditions(filters))
    return await session.scalar(statement) or 0


async def names(session: AsyncSession, **filters: Unpack[Filters]) -> dict[str, str]:
    """The names of the servers that pass the filters, by id, in order of name."""
    statement = select(col(Server.id), col(Server.name)).where(*_conditions(filters))
    rows = await session.execute(statement.order_by(col(Server.name)))
    return dict(rows.all())


async def update(session: AsyncSession, server_id: str, **changes: Unpack[ServerChanges]) -> bool:
    """Change the given fields. False if there is no such server."""
    return await _set(session, server_id, dict(changes))


async def set_facts(session: AsyncSession, server_id: str, **facts: Unpack[ServerFacts]) -> bool:
    """Note what the agent told. False if there is no such server."""
    return await _set(session, server_id, dict(facts))


async def touch(session: AsyncSession, seen: Mapping[str, float]) -> None:
    """Note when the servers (by id) were last heard; unknown ids are passed over.

    Objects that the session has loaded keep the value they had.
    """
    table = Server.metadata.tables["servers"]
    await execute_many(
        session,
        sql_update(table)
        .where(table.c.id == bindparam("server"))
        .values(last_seen=bindparam("seen")),
        [{"server": server, "seen": when} for server, when in seen.items()],
    )


async def reassign(session: AsyncSession, *, owner_id: str, to: str | None) -> int:
    """Give all servers of one user to another; answers how many."""
    statement = sql_update(Server).where(col(Server.owner_id) == owner_id).values(owner_id=to)
    return await change(session, statement)


async def delete(session: AsyncSession, server_id: str) -> bool:
    """Delete a server with everything that ``chatops.db`` holds of it."""
    return await change(session, sql_delete(Server).where(col(Server.id) == server_id)) == 1


async def existing(session: AsyncSession, ids: Iterable[str]) -> set[str]:
    """Those of ``ids`` that are servers."""
    return set(await names(session, ids=set(ids)))


async def _set(session: AsyncSession, server_id: str, values: dict[str, Any]) -> bool:
    statement = sql_update(Server).where(col(Server.id) == server_id).values(**values)
    return await change(session, statement) == 1


def _conditions(filters: Filters) -> Conditions:
    found = [
        *equals(col(Server.owner_id), filters.get("owner_id")),
        *among(col(Server.id), filters.get("ids")),
    ]
    if (without := filters.get("without")) is not None:
        found.append(col(Server.id).not_in(without))
    if (seen := filters.get("seen")) is not None:
        last_seen = col(Server.last_seen)
        found.append(last_seen.is_not(None) if seen else last_seen.is_(None))
    for key, value in filters.get("tags", {}).items():
        found.append(col(Server.tags)[key].as_string() == value)
    return found
