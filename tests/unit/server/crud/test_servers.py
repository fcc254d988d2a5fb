"""Servers."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlmodel import SQLModel, col, func, select

from chatops.ids import new_id
from chatops.server.crud import api_keys, commands, events, servers, thresholds, users
from chatops.server.crud.servers import Filters
from chatops.server.db.models import Alert, ChatOpsModel, Server, User
from tests.support.commands import add_command
from tests.support.transactions import tx


async def test_a_server_is_found_by_id_and_name(session: AsyncSession, web: Server) -> None:
    assert await servers.get(session, web.id) is web
    assert await servers.get_by_name(session, "web-1") is web
    assert await servers.get_by_name_or_id(session, "web-1") is web
    assert await servers.get_by_name_or_id(session, web.id) is web
    assert await servers.get_by_name_or_id(session, new_id()) is None


async def test_changes_and_facts(session: AsyncSession, web: Server) -> None:
    assert await servers.update(session, web.id, name="web-2", tags={"env": "prod"})
    facts: servers.ServerFacts = {
        "last_seen": 5.0, "host": {"hostname": "h"}, "allow": ["exec"], "clock_skew_s": -0.5,
        "agent_version": "1", "os": "Debian", "exec": None, "address": None,
        "docker": {"mode": "full"},
        "files": {"folders": ["/var/log"]},
        "shell": {"idle": 60.0},
    }  # fmt: skip
    assert await tx(session, servers.set_facts, web.id, **facts)
    assert await tx(session, servers.set_epoch, web.id, "e")
    session.expunge_all()
    found = await servers.get_by_name(session, "web-2")
    assert found is not None
    assert (found.tags, found.host, found.allow) == ({"env": "prod"}, {"hostname": "h"}, ["exec"])
    assert (found.last_seen, found.clock_skew_s, found.os) == (5.0, -0.5, "Debian")
    assert (found.journal_epoch, found.exec) == ("e", None)
    assert found.docker == {"mode": "full"}
    assert found.files == {"folders": ["/var/log"]}
    assert found.shell == {"idle": 60.0}
    assert not await servers.update(session, new_id(), name="x")
    assert not await tx(session, servers.set_facts, new_id(), **facts)


async def test_touch_notes_many_at_once(session: AsyncSession, web: Server) -> None:
    other = await servers.create(session, name="db-1", owner_id=None, tags={}, now=1.0)
    await servers.touch(session, {web.id: 7.0, other.id: 8.0, new_id(): 9.0})
    await servers.touch(session, {})
    await session.refresh(web)
    await session.refresh(other)
    assert (web.last_seen, other.last_seen) == (7.0, 8.0)


@pytest.fixture
async def fleet(session: AsyncSession, ann: User) -> dict[str, Server]:
    tags: dict[str, dict[str, str]] = {
        "a": {"env": "prod", "a.b-c": "x/y:z"},
        "b": {"env": "prod"},
        "c": {"env": "dev"},
        "d": {},
    }
    made = {
        name: await servers.create(
            session, name=name, owner_id=ann.id if name < "c" else None, tags=tags[name], now=1.0
        )
        for name in tags
    }
    await servers.touch(session, {made["a"].id: 2.0})
    return made


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (Filters(), "abcd"),
        (Filters(visible_to=None, ids=None, seen=None), "abcd"),
        (Filters(tags={}), "abcd"),
        (Filters(tags={"env": "prod"}), "ab"),
        (Filters(tags={"env": "prod", "a.b-c": "x/y:z"}), "a"),
        (Filters(tags={"missing": ""}), ""),
        (Filters(tags={"env": "pro"}), ""),
        (Filters(seen=True), "a"),
        (Filters(seen=False), "bcd"),
    ],
)
async def test_filters(
    session: AsyncSession, fleet: dict[str, Server], filters: Filters, names: str
) -> None:
    rows, _ = await servers.list_page(session, limit=10, **filters)
    assert "".join(row.name for row in rows) == names
    assert await servers.count(session, **filters) == len(names)
    assert "".join((await servers.names(session, **filters)).values()) == names


async def test_filters_by_id_and_owner(
    session: AsyncSession, fleet: dict[str, Server], ann: User
) -> None:
    some = [fleet["a"].id, fleet["d"].id, new_id()]
    assert await servers.names(session, ids=some) == {
        fleet["a"].id: "a", fleet["d"].id: "d",
    }  # fmt: skip
    assert await servers.names(session, ids=[]) == {}
    assert "".join((await servers.names(session, without=some)).values()) == "bc"
    assert "".join((await servers.names(session, visible_to=ann.id)).values()) == "ab"
    assert await servers.existing(session, some) == set(some[:2])


async def test_reassign(session: AsyncSession, fleet: dict[str, Server], ann: User) -> None:
    bob = await users.create(session, name="bob", password_hash="", role="viewer", now=1.0)
    assert await servers.reassign(session, owner_id=ann.id, to=bob.id) == 2
    assert await servers.count(session, visible_to=bob.id) == 2
    assert await servers.reassign(session, owner_id=bob.id, to=None) == 2
    assert await servers.count(session, visible_to=bob.id) == 0


async def test_deleting_takes_everything_of_the_server_with_it(
    session: AsyncSession, web: Server
) -> None:
    await api_keys.create(
        session, server_id=web.id, created_by=None, name="k", prefix="p", key_hash="h", now=1.0
    )
    await events.add(session, server_id=web.id, event="connected", now=1.0)
    rule = await thresholds.create(
        session, created_by=None, now=1.0, server_id=web.id, name="r", metric="cpu", op="gt",
        value=90.0,
    )  # fmt: skip
    session.add(
        Alert(
            id=new_id(), server_id=web.id, threshold_id=rule.id, threshold_name="r",
            metric="cpu", op="gt", threshold=90.0, severity="warning", state="firing",
            started_at=1.0,
        )
    )  # fmt: skip
    command = await add_command(session, web.id)
    session.expunge(rule)
    await tx(session, commands.add_output, command.id, "stdout", [(0, b"x")])
    assert await servers.delete(session, web.id)
    left = {name: await _count(session, name) for name in ChatOpsModel.metadata.tables}
    assert {name for name, number in left.items() if number} == {"users", "alert_thresholds"}
    assert await thresholds.get(session, rule.id) is None, "those that are left are the first ones"
    assert not await servers.delete(session, web.id)


async def _count(session: AsyncSession, table: str) -> int:
    rows = ChatOpsModel.metadata.tables[table]
    return await session.scalar(select(func.count()).select_from(rows)) or 0


async def test_relationships_come_when_asked_for(
    session: AsyncSession, web: Server, ann: User
) -> None:
    session.expunge_all()
    found = await session.scalar(
        select(Server)
        .where(col(Server.id) == web.id)
        .options(selectinload(_attribute(Server, "owner")))
    )
    assert found is not None
    assert found.owner is not None
    assert found.owner.name == "ann"
    user = await session.scalar(
        select(User)
        .where(col(User.id) == ann.id)
        .options(selectinload(_attribute(User, "servers")))
    )
    assert user is not None
    assert [server.name for server in user.servers] == ["web-1"]


def _attribute(model: type[SQLModel], name: str) -> Any:
    return getattr(model, name)
