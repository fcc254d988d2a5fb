"""Pages: each row once and in order, whatever happens between two of them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import select

from chatops.errors import InvalidInput
from chatops.server.crud import commands, servers, users
from chatops.server.crud.paging import MAX_CURSOR, decode, encode
from chatops.server.db.models import Command, User
from tests.support.commands import add_command
from tests.support.databases import open_databases
from tests.support.strategies import FLOAT, INT64, TEXT

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5)
BATCHES = st.lists(st.lists(NAMES, max_size=4), min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(batches=BATCHES, size=st.integers(1, 4))
def test_names_come_once_and_in_order_while_rows_are_added(
    batches: list[list[str]], size: int
) -> None:
    """The first batch is there from the start, one more is added before each further page."""

    async def walk(session: AsyncSession) -> tuple[list[str], set[str]]:
        await session.execute(delete(User))
        there: set[str] = set()
        found: list[str] = []
        must: set[str] = set()
        cursor: str | None = None
        for number in range(1000):
            for name in batches[number] if number < len(batches) else ():
                if name not in there:
                    there.add(name)
                    await users.create(session, name=name, password_hash="", role="viewer", now=1.0)
                    if not found or _bytes(name) > _bytes(found[-1]):
                        must.add(name)
            rows, cursor = await users.list_page(session, limit=size, cursor=cursor)
            assert len(rows) == size or cursor is None
            found += [row.name for row in rows]
            if cursor is None:
                return found, must
        raise AssertionError("the walk does not end")

    found, must = asyncio.run(_in_session(walk))
    assert found == sorted(set(found), key=_bytes)
    assert must <= set(found)


def _bytes(name: str) -> bytes:
    return name.encode()


@settings(max_examples=40, deadline=None)
@given(times=st.lists(st.sampled_from([1.0, 1.5, 2.0, 2.5]), max_size=12), size=st.integers(1, 5))
def test_newest_first_with_equal_times(times: list[float], size: int) -> None:
    async def walk(session: AsyncSession) -> None:
        server = await servers.create(session, name="s", owner_id=None, tags={}, now=0.0)
        made = [await _command(session, server.id, when) for when in times]
        expected = sorted(((row.created_at, row.id) for row in made), reverse=True)
        found: list[Command] = []
        cursor: str | None = None
        while True:
            rows, cursor = await commands.list_page(session, limit=size, cursor=cursor)
            found += rows
            await _command(session, server.id, 9.0)  # newer ones do not disturb the walk
            if cursor is None:
                break
        assert [(row.created_at, row.id) for row in found] == expected

    asyncio.run(_in_session(walk))


async def _command(session: AsyncSession, server_id: str, now: float) -> Command:
    return await add_command(session, server_id, now=now)


async def _in_session(work: Any) -> Any:
    async with open_databases() as databases, databases.chatops.write() as session:
        return await work(session)


PART = TEXT | INT64 | FLOAT


@given(key=st.lists(PART, min_size=1, max_size=3))
def test_a_cursor_holds_its_key_exactly(key: list[str | int | float]) -> None:
    back = decode(encode(key), [type(part) for part in key])
    assert [(type(part), part) for part in back] == [(type(part), part) for part in key]


@given(text=st.text(max_size=60))
def test_no_text_makes_decode_fail_in_another_way(text: str) -> None:
    for types in ([str], [int], [float, str]):
        try:
            values = decode(text, types)
        except InvalidInput:
            continue
        assert [type(value) for value in values] == types


def _cursor(json: str) -> str:
    import base64

    return base64.urlsafe_b64encode(json.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("cursor", "types"),
    [
        ("", [str]),
        ("?", [str]),
        ("é", [str]),
        (_cursor("{}"), [str]),
        (_cursor("[1]"), [str]),
        (_cursor('["a"]'), [int]),
        (_cursor("[true]"), [int]),
        (_cursor("[true]"), [float]),
        (_cursor("[1.5]"), [int]),
        (_cursor("[null]"), [float]),
        (_cursor("[1e999]"), [float]),
        (_cursor("[9223372036854775808]"), [int]),
        (_cursor('["\\ud800"]'), [str]),
        (_cursor('["a","b"]'), [str]),
        (_cursor("[]"), [str]),
        (_cursor("[" * 5000), [str]),
        (encode(["a" * MAX_CURSOR]), [str]),
    ],
)
def test_nonsense_is_refused(cursor: str, types: list[type]) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        decode(cursor, types)


async def test_a_cursor_of_another_list_is_refused(session: AsyncSession) -> None:
    with pytest.raises(InvalidInput, match="cursor"):
        await users.list_page(session, limit=1, cursor=encode([1]))


async def test_the_last_page_has_no_next(session: AsyncSession) -> None:
    for name in ("a", "b"):
        await users.create(session, name=name, password_hash="", role="viewer", now=1.0)
    assert (await users.list_page(session, limit=2))[1] is None
    rows, cursor = await users.list_page(session, limit=1)
    assert [row.name for row in rows] == ["a"]
    assert await session.scalar(select(User.name).where(User.name == "b")) == "b"
    rows, cursor = await users.list_page(session, limit=1, cursor=cursor)
    assert ([row.name for row in rows], cursor) == (["b"], None)
