"""Log lines in their parts: how they are stored, deleted, and numbered."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import log_entries, log_keys, log_parts
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.crud.log_parts import Part
from chatops.server.db.files import Databases
from chatops.server.db.models import LogSource
from tests.support.transactions import tx


@pytest.fixture
async def session(databases: Databases) -> AsyncIterator[AsyncSession]:
    async with databases.logs.write() as session:
        yield session


def _line(
    server: str | None, ts: float, message: str = "m", received: float = 0.0, source: str = "s"
) -> NewLogEntry:
    return NewLogEntry(
        server_id=server, ts=ts, received_at=received, level="info", source=source, message=message
    )


async def tail(session: AsyncSession, server: str | None, limit: int = 9) -> list[str]:
    return [one.message for one in await tx(session, log_entries.tail, server, limit=limit)]


async def parts(session: AsyncSession) -> list[Part]:
    return await tx(session, log_parts.parts, await tx(session, log_entries.next_id))


async def hits(session: AsyncSession, part: Part, word: str) -> list[int]:
    """What the index of a part has of a word, whether the lines are there or not."""
    name = f"log_search_{part.first_id}"
    sql = text(f"SELECT rowid FROM {name} WHERE {name} MATCH :word ORDER BY rowid")
    return list(await session.scalars(sql, {"word": word}))


async def test_the_tail_is_the_newest_in_order(session: AsyncSession) -> None:
    lines = [_line("a", 3.0, "a"), _line("a", 1.0, "c"), _line("b", 9.0), _line("a", 3.0, "d"),
             _line(None, 2.0, "hub\x00\x1b[31m")]  # fmt: skip
    assert await tx(session, log_entries.insert_many, lines) == 1
    assert await tx(session, log_entries.insert_many, []) == 6
    assert await tx(session, log_entries.insert_many, [_line("a", 0.0, "e")]) == 6
    assert await tail(session, "a") == list("acde")
    assert await tail(session, "a", 2) == list("de")
    assert await tail(session, None) == ["hub\x00\x1b[31m"]
    assert await tail(session, "unknown") == []


@pytest.mark.parametrize("count", [1, 3, 4, 31, 37, 256, 600])
async def test_any_number_of_lines_is_stored_in_order(session: AsyncSession, count: int) -> None:
    lines = [_line("a", float(n), f"{n}") for n in range(count)]
    await tx(session, log_entries.insert_many, lines)
    assert await tail(session, "a", 1000) == [f"{n}" for n in range(count)]


async def test_times_are_kept_to_the_millisecond_within_the_years_there_are(
    session: AsyncSession,
) -> None:
    lines = [_line("a", ts) for ts in (-1e308, 0.0004, 1.2345, 4.1e9, 1e300, 1e308)]
    await tx(session, log_entries.insert_many, lines)
    found = [one.ts for one in await tx(session, log_entries.tail, "a", limit=9)]
    assert found == [0.0, 0.0, 1.235, 4.1e9, 253_402_300_799.999, 253_402_300_799.999]


async def test_lines_with_smaller_ids_go_and_ids_are_not_given_again(session: AsyncSession) -> None:
    lines = [_line("a", 99.0, f"{n}", received=float(n)) for n in range(6)]
    await tx(session, log_entries.insert_many, lines)
    assert await tx(session, log_entries.oldest) == (1, 0.0)
    steps = [await tx(session, log_entries.delete_before, 5, 3) for _ in range(3)]
    assert steps == [3, 1, 0]
    assert await tail(session, "a") == ["4", "5"]
    assert await tx(session, log_entries.delete_before, 99, 99) == 2
    assert await tx(session, log_entries.oldest) is None
    assert await tx(session, log_entries.insert_many, [_line("a", 1.0)]) == 7


async def test_the_first_line_since_a_time_is_found_over_gaps(session: AsyncSession) -> None:
    lines = [_line("a" if n % 3 else "b", 0.0, received=float(n // 2)) for n in range(40)]
    await tx(session, log_entries.insert_many, lines)
    keys = await tx(session, log_keys.find, ["b"])
    await tx(session, log_entries.delete_for_server, keys["b"], 99)
    for at in range(-1, 22):
        first = await tx(session, log_entries.first_since, 1, 41, float(at))
        kept = [n + 1 for n in range(40) if n % 3 and n // 2 >= at]
        assert [n for n in range(first, 41) if (n - 1) % 3] == kept, at


async def test_a_removed_servers_lines_go_in_steps_with_their_words(session: AsyncSession) -> None:
    await tx(session, log_entries.insert_many, [_line("a", float(n), "secret") for n in range(4)])
    await tx(session, log_entries.insert_many, [_line("b", 1.0, "secret")])
    keys = await tx(session, log_keys.find, ["a", "b", "c"])
    assert set(keys) == {"a", "b"}
    (part,) = await parts(session)
    assert await hits(session, part, "secret") == [1, 2, 3, 4, 5]
    steps = [await tx(session, log_entries.delete_for_server, keys["a"], 3) for _ in range(3)]
    assert steps == [3, 1, 0]
    assert await tail(session, "b") == ["secret"]
    assert await hits(session, part, "secret") == [5]
    assert await hits(session, part, f"labels : s{keys['a']}") == []
    await tx(session, log_keys.forget_server, keys["a"])
    await tx(session, log_entries.insert_many, [_line("a", 1.0, "new")])
    assert (await tx(session, log_keys.find, ["a"]))["a"] > max(keys.values())


async def test_an_index_is_merged_as_it_grows_and_whole_when_it_is_closed(
    session: AsyncSession,
) -> None:
    for number in range(100):
        await tx(session, log_entries.insert_many, [_line("a", 1.0, f"word {number}")] * 3)
        await session.execute(text("SAVEPOINT here"))  # as between two transactions
        await session.execute(text("RELEASE here"))
    (part,) = await parts(session)
    assert (part.first_id, part.end, part.size) == (1, 301, 3 * 100 * len("word 00") - 30)
    pieces = text("SELECT count(DISTINCT segid) FROM log_search_1_idx")
    assert 1 < (await session.scalar(pieces) or 0) < 40
    await tx(session, log_parts.set_state, part, "closed")
    for _ in range(100):
        if await tx(session, log_parts.merge, part, 1):
            break
    assert await session.scalar(pieces) == 1
    assert await hits(session, part, "word AND 77") == [232, 233, 234]
    assert await tx(session, log_entries.insert_many, [_line("a", 1.0, "word")]) == 301
    assert [one.first_id for one in await parts(session)] == [1, 301]
    for _ in range(100):
        if await tx(session, log_parts.drop, part, 1):
            break
    assert [one.first_id for one in await parts(session)] == [301]
    tables = text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'log_search_1%'")
    assert await session.scalar(tables) == 0


async def test_the_names_of_sources_are_bounded(
    session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_keys, "MAX_LOG_SOURCES", 3)
    many = [_line("a", 1.0, source=f"made up {n}") for n in range(9)]
    await tx(session, log_entries.insert_many, [*many, _line("b", 1.0, source="app")])
    await tx(session, log_entries.insert_many, many[:2])
    found = [one.source for one in await tx(session, log_entries.tail, "a", limit=99)]
    known = [f"made up {n}" for n in range(3)]
    assert found == [*known, *["other"] * 6, *known[:2]]
    assert [one.source for one in await tx(session, log_entries.tail, "b", limit=9)] == ["app"]


async def test_a_source_in_use_is_not_forgotten(session: AsyncSession) -> None:
    def at(hours: float, source: str) -> list[NewLogEntry]:
        return [_line("a", 1.0, received=hours * 3600, source=source)]

    for hours in (0.0, 0.5, 5.0):
        await tx(session, log_entries.insert_many, at(hours, "used"))
    await tx(session, log_entries.insert_many, at(0.0, "old"))
    assert await tx(session, log_keys.forget_sources, 2 * 3600.0, 10) == 1
    names: Any = await session.scalars(text("SELECT name FROM log_sources"))
    assert list(names) == ["used"]


async def test_many_rows_at_once_cost_a_fraction_of_objects(session: AsyncSession) -> None:
    """In seconds of CPU, all threads together: the machine's other work does not count. Objects
    of three columns, that is, against lines with all their words."""
    begun = time.process_time()
    session.add_all([LogSource(server=9, name=f"{n}", last_at=0.0) for n in range(3000)])
    await session.flush()
    objects = time.process_time() - begun
    session.expunge_all()
    lines = [_line("a", float(n), f"one of many lines: {n}") for n in range(3000)]
    begun = time.process_time()
    await tx(session, log_entries.insert_many, lines)
    rows = time.process_time() - begun
    assert rows < objects / 2, f"{rows:.3f} s against {objects:.3f} s"
