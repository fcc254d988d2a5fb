"""Servers."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, NamedTuple, TypedDict, Unpack

from sqlalchemy import and_, bindparam, func, or_, select
from sqlalchemy import delete as sql_delete
from sqlalchemy import update as sql_update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.ids import is_id, new_id
from chatops.protocol.names import Role
from chatops.protocol.target import Facts
from chatops.server.crud.filters import Conditions, among, equals
from chatops.server.crud.paging import page
from chatops.server.db.bulk import change, execute_many
from chatops.server.db.models import Server, ServerShare
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class ServerChanges(TypedDict, total=False):
    """What people may change in a server. ``tags`` replaces all tags."""

    name: str
    owner_id: str | None
    tags: dict[str, str]


class ServerFacts(TypedDict):
    """What an agent tells when it connects."""

    last_seen: float
    agent_version: str
    os: str
    host: dict[str, Any]
    allow: list[str]
    exec: dict[str, Any] | None
    docker: dict[str, Any] | None
    files: dict[str, Any] | None
    shell: dict[str, Any] | None
    address: str | None
    clock_skew_s: float


_ONE: Final = sql_update(Server).where(col(Server.id) == bindparam("server"))
_FACTS: Final = Statement(_ONE.values({n: bindparam(n) for n in ServerFacts.__annotations__}))
_EPOCH: Final = Statement(_ONE.values(journal_epoch=bindparam("journal_epoch")))


class Filters(TypedDict, total=False):
    """Which servers are meant; filters that are left out or None let all pass.

    ``owned_by`` owns the server, ``visible_to`` owns it or has a share in it, ``operated_by``
    owns it or has one as an operator (all are ids of users). ``ids`` and ``without`` take and
    leave out ids, ``seen`` is whether an agent has ever connected, ``tags`` must all be there with
    these values.
    """

    owned_by: str | None
    visible_to: str | None
    operated_by: str | None
    tags: Mapping[str, str]
    ids: Collection[str] | None
    without: Collection[str] | None
    seen: bool | None


class Identity(NamedTuple):
    """Which server it is, whose, and what somebody was given on it."""

    server: Facts
    owner_id: str | None
    share: Role | None


_IDENTITY: Final = select(
    col(Server.id), col(Server.name), col(Server.tags), col(Server.owner_id), col(ServerShare.role)
).outerjoin(
    ServerShare,
    and_(
        col(ServerShare.server_id) == col(Server.id), col(ServerShare.user_id) == bindparam("user")
    ),
)
_BY_ID: Final = Statement(_IDENTITY.where(col(Server.id) == bindparam("text")))
_BY_NAME: Final = Statement(_IDENTITY.where(col(Server.name) == bindparam("text")))


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


def identify(tx: Transaction, text: str, *, user_id: str) -> Identity | None:
    """The server that ``text`` names, as far as it takes to say what the user may do there."""
    row = tx.first(_BY_ID if is_id(text) else _BY_NAME, {"text": text, "user": user_id})
    if row is None:
        return None
    server_id, name, tags, owner_id, share = row
    return Identity(Facts(server_id, name, json.loads(tags)), owner_id, share)


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


async def facts(session: AsyncSession, **filters: Unpack[Filters]) -> list[Facts]:
    """What a TARGET looks at, of the servers that pass the filters, in order of name."""
    columns = (col(Server.id), col(Server.name), col(Server.tags))
    statement = select(*columns).where(*_conditions(filters)).order_by(col(Server.name))
    return [Facts(*row) for row in await session.execute(statement)]


async def update(session: AsyncSession, server_id: str, **changes: Unpack[ServerChanges]) -> bool:
    """Change the given fields. False if there is no such server."""
    return await _set(session, server_id, dict(changes))


def set_facts(tx: Transaction, server_id: str, **facts: Unpack[ServerFacts]) -> bool:
    """Note what the agent told. False if there is no such server."""
    return tx.run(_FACTS, {"server": server_id, **facts}) == 1


def set_epoch(tx: Transaction, server_id: str, epoch: str) -> bool:
    """Note the epoch of the agent's journal. False if there is no such server."""
    return tx.run(_EPOCH, {"server": server_id, "journal_epoch": epoch}) == 1


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


def _used_by(user_id: str | None, role: Role | None = None) -> Conditions:
    if user_id is None:
        return []
    shared = select(col(ServerShare.server_id)).where(col(ServerShare.user_id) == user_id)
    if role is not None:
        shared = shared.where(col(ServerShare.role) == role)
    return [or_(col(Server.owner_id) == user_id, col(Server.id).in_(shared))]


def _conditions(filters: Filters) -> Conditions:
    found = [
        *equals(col(Server.owner_id), filters.get("owned_by")),
        *_used_by(filters.get("visible_to")),
        *_used_by(filters.get("operated_by"), "operator"),
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
