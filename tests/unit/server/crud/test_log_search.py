"""Searches over parts: they find what a plain look at every line does, in the same order."""

from __future__ import annotations

import math
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import log_entries, log_keys, log_parts, log_search
from chatops.server.crud.log_entries import LEVELS, NewLogEntry
from chatops.server.crud.log_search import Wanted
from chatops.server.db.files import Databases
from chatops.server.services.log_query import expression
from tests.support.transactions import tx

SERVERS = [None, "a", "b", "c"]
WORDS = ["red", "green", "blue", "reddish"]
LINES = st.tuples(
    st.sampled_from(SERVERS),
    st.integers(0, 4),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
)
QUERIES = st.one_of(
    st.none(),
    st.sampled_from(WORDS),
    st.sampled_from(["red*", '"red green"', "red -blue", "blue green", "RED", "s1", "l4"]),
)
WANTED = st.tuples(
    QUERIES,
    st.integers(0, 4),
    st.one_of(st.none(), st.sets(st.sampled_from(["a", "b", "c", "gone"]))),
    st.integers(0, 60),
    st.integers(0, 60),
    st.integers(1, 5),
)


@pytest.fixture
async def session(databases: Databases) -> AsyncIterator[AsyncSession]:
    async with databases.logs.write() as session:
        yield session


def entry(number: int, server: str | None, level: int, words: list[str]) -> NewLogEntry:
    return NewLogEntry(
        server_id=server, ts=float(number), received_at=100.0 * number, level=LEVELS[level],
        source="s", message=" ".join(words),
    )  # fmt: skip


def fits(query: str | None, message: str) -> bool:
    """The same without an index."""
    match query:
        case None:
            return True
        case "red*":
            return re.search(r"\bred", message) is not None
        case '"red green"':
            return re.search(r"\bred green\b", message) is not None
        case "red -blue":
            return fits("red", message) and not fits("blue", message)
        case _:
            return all(word in message.split() for word in query.lower().split())


async def store(session: AsyncSession, rows: list[NewLogEntry], a_part: int) -> None:
    """So many lines a part."""
    for begin in range(0, len(rows), a_part):
        await tx(session, log_entries.insert_many, rows[begin : begin + a_part])
        end = await tx(session, log_entries.next_id)
        for part in await tx(session, log_parts.parts, end):
            if part.state == "open":
                await tx(session, log_parts.set_state, part, "closed")


async def pages(session: AsyncSession, wanted: Wanted, limit: int) -> list[int]:
    """The ids of all pages, one after the other."""
    found: list[int] = []
    before = None
    while True:
        page = await tx(session, log_search.search, wanted, before=before, limit=limit)
        found += [one.id for one in page]
        if len(page) < limit:
            return found
        before = page[-1].id


@given(
    st.lists(LINES, min_size=1, max_size=40),
    st.integers(1, 15),
    st.integers(0, 12),
    st.lists(WANTED, min_size=1, max_size=6),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_search_finds_what_a_look_at_every_line_does(
    databases: Databases,
    lines: list[tuple[str | None, int, list[str]]],
    a_part: int,
    gone: int,
    asked: list[Any],
) -> None:
    async with databases.logs.write() as session, session.begin_nested() as undone:
        rows = [entry(number, *line) for number, line in enumerate(lines, 1)]
        first = await tx(session, log_entries.next_id)
        await store(session, rows, a_part)
        await tx(session, log_entries.delete_before, first + gone, 1000)
        for query, level, servers, since, until, limit in asked:
            expected = [
                first - 1 + number
                for number, row in enumerate(rows, 1)
                if number > gone
                and fits(query, row["message"])
                and LEVELS.index(row["level"]) >= level
                and (servers is None or row["server_id"] in servers)
                and since <= number < until
            ]
            said = None if query is None else expression(query)
            wanted = Wanted(said, level, servers, float(since), float(until))
            assert await pages(session, wanted, limit) == expected[::-1], wanted
        await undone.rollback()


async def test_labels_are_no_words_and_words_no_labels(session: AsyncSession) -> None:
    await store(session, [entry(1, "a", 3, ["s1", "label"]), entry(2, "b", 4, ["plain"])], 10)
    keys = await tx(session, log_keys.find, ["a", "b"])

    async def found(query: str, servers: set[str] | None = None) -> list[int]:
        wanted = Wanted(expression(query), 0, servers, -math.inf, math.inf)
        return await pages(session, wanted, 9)

    assert await found("s1") == [1]
    assert await found(f"s{keys['b']}") == ([1] if keys["b"] == 1 else [])
    assert await found("l4") == await found("labels") == []
    assert await found("plain", {"a"}) == []
    assert await found("plain", {"b"}) == [2]


async def test_of_very_many_servers_each_line_is_looked_at(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(session, [entry(n, "abc"[n % 3], 1, ["red"]) for n in range(12)], 5)
    wanted = Wanted('"red"', 0, {"a", "b"}, -math.inf, math.inf)
    labelled = await pages(session, wanted, 3)
    monkeypatch.setattr(log_search, "LABELLED", 1)
    assert await pages(session, wanted, 3) == labelled
    assert len(labelled) == 8


@pytest.mark.parametrize("servers", [None, {"a"}])
async def test_a_search_reads_lines_by_their_id_and_sorts_nothing(
    session: AsyncSession, servers: set[str] | None
) -> None:
    """Whatever is asked: no plan goes through all lines, or holds them to put them in order."""
    await store(session, [entry(n, "a", 1, ["red"]) for n in range(5)], 9)
    plans = [log_search._search(1).sql, log_search._LIST.sql, log_entries._TAIL.sql]
    for sql in plans:
        plan = await session.connection()
        rows = await plan.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, ("red",) * sql.count("?"))
        steps = [row[3] for row in rows]
        assert not [one for one in steps if "TEMP B-TREE" in one or one == "SCAN e"], steps


async def test_clocks_that_were_wrong_hide_no_line_of_later_ones(session: AsyncSession) -> None:
    """The hub's clock was a year ahead for a time: what came before and after is found."""
    year = 366 * 86_400.0
    times = [1000.0, 2000.0, year, year + 1, 3000.0, 4000.0]
    rows = [entry(0, "a", 1, ["red"]) | {"ts": at, "received_at": at} for at in times]
    await store(session, rows, 2)  # type: ignore[arg-type]
    wanted = Wanted('"red"', 0, None, 2500.0, math.inf)
    assert await pages(session, wanted, 9) == [6, 5, 4, 3]
    await session.execute(text("DELETE FROM log_entries WHERE id IN (5, 6)"))
    assert await pages(session, wanted, 9) == [4, 3]
