"""Pages of stored lines and the place where the last ones begin: as a simple list has them."""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest
from sqlalchemy import text

from chatops.protocol.patterns import finder
from chatops.server.crud import log_entries
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db.files import Databases
from chatops.server.db.statement import Statement
from chatops.server.services import log_reading
from chatops.server.services.log_reading import LookedBack, Page, Wanted
from chatops.server.services.log_shipping import LEVELS
from chatops.server.services.log_stream import LogStream
from chatops.server.services.server_finder import ServerFinder
from chatops.tasks import Tasks
from tests.support.databases import open_databases
from tests.support.waiting import until_async

SERVERS = [None, "a", "b", "c", "d"]
GONE = Statement(text("DELETE FROM log_entries WHERE id <= :gone"))
Entry = tuple[int, str | None, str, str]


@pytest.fixture
async def databases() -> AsyncIterator[Databases]:
    async with open_databases() as made:
        yield made


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounds that a few lines reach."""
    for name, value in {"WINDOW": 7, "FETCH": 3, "PAGE": 5, "PAGE_TEXT": 60}.items():
        monkeypatch.setattr(log_reading, name, value)


async def filled(databases: Databases, chance: random.Random) -> list[Entry]:
    """Some random lines, of which some were deleted again."""
    rows = [
        NewLogEntry(
            server_id=chance.choice(SERVERS), ts=float(chance.randrange(100)), received_at=0.0,
            level=chance.choice(LEVELS), source="s", message=f"{number} " * chance.randrange(1, 20),
        )
        for number in range(chance.randrange(1, 120))
    ]  # fmt: skip
    await databases.logs.transact(lambda tx: log_entries.insert_many(tx, rows))
    gone = chance.randrange(len(rows))
    await databases.logs.transact(lambda tx: tx.run(GONE, {"gone": gone}))
    numbered = enumerate(rows, 1)
    return [(n, one["server_id"], one["level"], one["message"]) for n, one in numbered if n > gone]


def asked(chance: random.Random) -> Wanted:
    """Some servers, a level, sometimes a pattern."""
    servers = chance.sample(["a", "b", "c", "d", "gone"], chance.randrange(1, 5))
    find = finder("[37] ") if chance.random() < 0.5 else None
    return Wanted({one: one for one in servers}, LEVELS[chance.randrange(5) :], find)


async def read(
    databases: Databases, wanted: Wanted, after: int, step: Callable[..., Page], *args: Any
) -> list[int]:
    """The ids of all lines after a place."""
    found, page = [], Page([], after, more=True)
    while page.more:
        page = await databases.logs.look(
            lambda tx, at=page.after: step(tx, wanted, at, *args)  # type: ignore[misc]
        )
        assert len(page.rows) <= 5
        assert sum(len(row.message) for row in page.rows[:-1]) < 60
        found += [row.id for row in page.rows]
    return found


@pytest.mark.parametrize("seed", range(15))
async def test_pages_and_last_lines_are_those_of_a_list(databases: Databases, seed: int) -> None:
    chance = random.Random(seed)
    lines = await filled(databases, chance)
    for _ in range(6):
        wanted = asked(chance)
        mine = [
            number
            for number, server, level, message in lines
            if server in wanted.servers
            and level in wanted.levels
            and (wanted.finder is None or wanted.finder(message.encode()))
        ]
        after, until = chance.randrange(lines[-1][0]), lines[-1][0]
        assert await read(databases, wanted, after, log_reading.read_on, until) == [
            one for one in mine if one > after
        ]
        assert await read(databases, wanted, after, log_reading.follow) == [
            one for one in mine if one > after
        ]
        count, at = chance.randrange(1, 20), LookedBack(until, 0)
        at = at._replace(missing=count)
        while not at.done:
            before = at
            at = await databases.logs.look(
                lambda tx, before=before, wanted=wanted: log_reading.look_back(tx, wanted, before)  # type: ignore[misc]
            )
        assert await read(databases, wanted, at.after, log_reading.read_on, until) == mine[-count:]


async def test_an_empty_log_has_a_place_and_nothing_in_it(databases: Databases) -> None:
    wanted = Wanted({"a": "a"}, LEVELS)
    assert await databases.logs.look(log_reading.newest) == 0
    at = await databases.logs.look(lambda tx: log_reading.look_back(tx, wanted, LookedBack(0, 9)))
    assert (at.done, at.after) == (True, 0)
    assert await databases.logs.look(lambda tx: log_reading.follow(tx, wanted, 7)) == Page(
        [], 7, more=False
    )


async def test_the_last_lines_of_a_source_lie_before_those_of_others(databases: Databases) -> None:
    rows = [
        NewLogEntry(server_id="a", ts=1.0, received_at=1.0, level="info", source=source, message="")
        for source in [*"xyxyx", *"yyyyyyyyyyyy"]
    ]
    await databases.logs.transact(lambda tx: log_entries.insert_many(tx, rows))
    wanted = Wanted({"a": "a"}, LEVELS, source="x")
    at = LookedBack(17, 2)
    while not at.done:
        at = await databases.logs.look(lambda tx, at=at: log_reading.look_back(tx, wanted, at))  # type: ignore[misc]
    assert at.after == 2


async def test_whoever_has_no_pattern_waits_for_none_of_others(databases: Databases) -> None:
    await filled(databases, random.Random(7))
    stream = LogStream(databases.logs, databases.chatops, cast("ServerFinder", None))
    go_on, looking = threading.Event(), threading.Event()

    def slow(_text: bytes) -> bool:
        looking.set()
        return go_on.wait(60)

    everything = Wanted({one: one for one in "abcd"}, LEVELS)
    async with Tasks() as tasks:
        for _ in range(4):
            tasks.spawn(stream.page(everything._replace(finder=slow), 0, 200), name="slow")
        try:
            await until_async(looking.is_set)
            async with asyncio.timeout(30):
                assert (await stream.page(everything, 0, 200)).rows
        finally:
            go_on.set()
        await tasks.finished()
