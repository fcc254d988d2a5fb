"""Upkeep of stored lines: age and size, in steps that are short and leave nothing behind."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatops.clock import FakeClock
from chatops.server.crud import log_entries, log_keys, log_parts
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.crud.log_parts import Part
from chatops.server.db.files import Databases
from chatops.server.db.transactions import Transaction
from chatops.server.services import log_upkeep
from chatops.server.services.log_upkeep import LogUpkeep
from chatops.server.settings import HubSettings
from tests.support.databases import lay_out, open_databases

DAY = 86_400.0
NOW = 1_000 * DAY


@pytest.fixture
async def databases() -> AsyncIterator[Databases]:
    async with open_databases() as databases:
        yield databases


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_upkeep, "PAUSE", 0.0)


class Hub:
    """The service with settings that can be changed."""

    def __init__(self, databases: Databases) -> None:
        self.logs = databases.logs
        self.settings = HubSettings()
        self.clock = FakeClock(NOW)
        self.upkeep = LogUpkeep(self.logs, lambda: self.settings, self.clock)

    def set(self, *, retention: float = 30 * DAY, size: int = 10**10) -> None:
        self.settings = replace(self.settings, logs_retention=retention, logs_size=size)

    async def store(
        self, count: int, *, age: float = 0.0, server: str = "a", size: int = 10, source: str = "s"
    ) -> None:
        at = self.clock.now() - age
        rows = [
            NewLogEntry(server_id=server, ts=at, received_at=at, level="info", source=source,
                        message=f"{n:x} ".ljust(size, "x"))
            for n in range(count)
        ]  # fmt: skip
        await self.logs.transact(lambda tx: log_entries.insert_many(tx, rows))

    async def close_part(self) -> None:
        """As when it is full: the next line begins another one."""

        def close(tx: Transaction) -> None:
            for part in log_parts.parts(tx, 1):
                if part.state == "open":
                    log_parts.set_state(tx, part, "closed")

        await self.logs.transact(close)

    async def ids(self, server: str = "a") -> list[int]:
        found = await self.logs.look(lambda tx: log_entries.tail(tx, server, limit=10**6))
        return [one.id for one in found]

    async def parts(self) -> list[Part]:
        return await self.logs.look(lambda tx: log_parts.parts(tx, log_entries.next_id(tx)))

    async def used(self) -> int:
        return await self.logs.look(log_entries.used)


async def test_lines_go_when_they_are_too_old_and_their_index_with_the_last_one(
    databases: Databases,
) -> None:
    hub = Hub(databases)
    for age in (40.0, 31.0, 29.0, 1.0):
        await hub.store(3, age=age * DAY)
        if age != 31.0:
            await hub.close_part()
    await hub.upkeep.once()
    assert await hub.ids() == [7, 8, 9, 10, 11, 12]
    assert [(one.first_id, one.state) for one in await hub.parts()] == [
        (4, "merged"),
        (10, "merged"),
    ]
    hub.clock.advance(2 * DAY)
    await hub.upkeep.once()
    assert await hub.ids() == [10, 11, 12]
    hub.clock.advance(60 * DAY)
    await hub.upkeep.once()
    assert (await hub.ids(), await hub.parts()) == ([], [])
    await hub.store(1)
    assert (await hub.ids(), len(await hub.parts())) == ([13], 1)


async def test_a_clock_that_was_ahead_keeps_no_line_for_ever(databases: Databases) -> None:
    hub = Hub(databases)
    for age in (-300.0 * DAY, 40 * DAY, 1 * DAY):
        await hub.store(2, age=age)
        await hub.close_part()
    await hub.upkeep.once()
    assert await hub.ids() == [5, 6]


async def test_a_clock_that_is_set_right_leaves_no_line_without_its_source(
    databases: Databases,
) -> None:
    hub = Hub(databases)
    await hub.store(1, age=-300 * DAY, source="ahead")
    await hub.store(1, source="app")
    await hub.upkeep.once()
    await hub.store(1, source="other")
    hub.clock.advance(20 * DAY)
    await hub.store(1, source="late")
    await hub.upkeep.once()
    found = await hub.logs.look(lambda tx: log_entries.tail(tx, "a", limit=9))
    assert [one.source for one in found] == ["ahead", "app", "other", "late"]
    hub.clock.advance(11 * DAY)
    await hub.upkeep.once()
    assert await hub.ids() == [4], "a part that a wrong clock began goes with the next one"


async def test_the_oldest_lines_make_room_and_what_is_used_stays_within_the_size(
    databases: Databases,
) -> None:
    hub = Hub(databases)
    hub.set(size=2_000_000)
    for _ in range(60):
        await hub.store(100, size=1000)
        await hub.upkeep.once()
        assert await hub.used() <= 2_000_000
    ids = await hub.ids()
    assert ids == list(range(ids[0], 6001))
    assert len(ids) > 700, "most of the room is for lines"
    assert hub.upkeep.used == await hub.used()
    assert len(await hub.parts()) < 150
    file = databases.logs.sizes()["main"]
    hub.set(size=500_000)
    await hub.upkeep.once()
    assert await hub.used() <= 500_000
    for _ in range(10):
        await hub.store(100, size=1000)
        await hub.upkeep.once()
    assert databases.logs.sizes()["main"] <= file + 1_000_000, "freed room is used again"


async def test_a_part_lasts_a_day_at_most(databases: Databases) -> None:
    hub = Hub(databases)
    for _ in range(3):
        await hub.store(1)
        hub.clock.advance(0.6 * DAY)
        await hub.upkeep.once()
    assert [one.first_id for one in await hub.parts()] == [1, 3]


async def test_a_step_does_no_more_than_it_has_time_for(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is counted in lines and pages, whatever the machine does: one bite, and the writer is
    free for others."""
    hub = Hub(databases)
    await hub.store(500, age=40 * DAY, size=16_000)
    await hub.close_part()
    await hub.store(500)
    monkeypatch.setattr(log_upkeep, "HOLD", 0.0)
    before, steps = 1000, 0
    step = hub.upkeep._step
    while await hub.logs.transact(step):
        left, steps = len(await hub.ids()), steps + 1
        assert before - left <= log_upkeep.BITE
        before = left
    assert await hub.ids() == list(range(501, 1001))
    assert steps >= 500 / log_upkeep.BITE
    assert [one.first_id for one in await hub.parts()] == [501]


async def test_a_part_that_is_leaving_goes_on_leaving_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is done on a file that was just opened: FTS5 needs nothing that it remembers."""
    lay_out(tmp_path)
    monkeypatch.setattr(log_upkeep, "HOLD", 0.0)
    monkeypatch.setattr(log_upkeep, "PAGES", 1)
    databases = await Databases.open(tmp_path)
    for _ in range(5):
        await Hub(databases).store(60, age=40 * DAY)
    await Hub(databases).close_part()
    await Hub(databases).store(1)
    await databases.close()
    more, steps = True, 0
    while more:
        databases = await Databases.open(tmp_path)
        more = await databases.logs.transact(Hub(databases).upkeep._step)
        ids, parts = await Hub(databases).ids(), await Hub(databases).parts()
        await databases.close()
        steps += 1
    assert ids == [301]
    assert [one.first_id for one in parts] == [301]
    assert steps > 300 / log_upkeep.BITE + 3, "the index went a page at a time"


async def test_lines_of_a_removed_server_go_in_steps_with_all_that_names_it(
    databases: Databases,
) -> None:
    hub = Hub(databases)
    for server in ("a", "b", "a"):
        await hub.store(100, server=server)
        await hub.close_part()
    met = [await hub.upkeep.of_server("a", 80) for _ in range(3)]
    while met[-1] == 80:
        met.append(await hub.upkeep.of_server("a", 80))
    assert await hub.ids() == []
    assert await hub.ids("b") == list(range(101, 201))
    assert await hub.logs.look(lambda tx: log_keys.find(tx, ["a"])) == {}
    assert await hub.upkeep.of_server("a", 80) == 0
    assert {one.state for one in await hub.parts()} == {"closed"}
    await hub.upkeep.once()
    assert [one.first_id for one in await hub.parts()] == [101, 201], "the oldest has no lines"


async def test_long_lines_of_a_removed_server_go_a_few_at_a_time(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To take their words out of the index of 50 of them would hold the writer too long."""
    hub = Hub(databases)
    await hub.store(40, size=16_000)
    monkeypatch.setattr(log_upkeep, "HOLD", 0.0)
    left = [40]
    while await hub.upkeep.of_server("a", 500) == 500:
        left.append(len(await hub.ids()))
    assert max(a - b for a, b in itertools.pairwise(left)) == 3
    assert left[-1] == 0


async def test_names_of_sources_go_with_their_lines(databases: Databases) -> None:
    hub = Hub(databases)
    await hub.store(1, age=40 * DAY, source="old")
    await hub.close_part()
    await hub.store(1, source="new")
    await hub.upkeep.once()
    rows = await hub.logs.look(lambda tx: tx.all(log_keys._SOURCE, {"server": 1, "name": "old"}))
    assert rows == []
    await hub.store(1, source="new")
    found = await hub.logs.look(lambda tx: log_entries.tail(tx, "a", limit=9))
    assert [one.source for one in found] == ["new", "new"]


TIDYING = 8 * 4096
"""Bytes by which what is used may grow again when indexes become one piece."""
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("store"), st.integers(1, 60)),
        st.tuples(st.just("long"), st.integers(1, 20)),
        st.tuples(st.just("wait"), st.integers(1, 20)),
        st.tuples(st.just("size"), st.sampled_from([150_000, 300_000, 10**9])),
        st.tuples(st.just("age"), st.sampled_from([2, 10, 30])),
        st.tuples(st.just("upkeep"), st.just(0)),
    ),
    max_size=25,
)


@given(EVENTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_kept_is_always_the_newest_and_no_younger_line_goes_without_need(
    events: list[tuple[str, int]],
) -> None:
    async with open_databases() as databases:
        hub = Hub(databases)
        born: list[float] = []
        for what, amount in [*events, ("upkeep", 0)]:
            match what:
                case "store" | "long":
                    await hub.store(amount, size=10 if what == "store" else 9000)
                    born += [hub.clock.now()] * amount
                case "wait":
                    hub.clock.advance(amount * DAY / 4)
                case "size":
                    hub.set(size=amount, retention=hub.settings.logs_retention)
                case "age":
                    hub.set(size=hub.settings.logs_size, retention=amount * DAY)
                case _:
                    await hub.upkeep.once()
                    ids, used = await hub.ids(), await hub.used()
                    assert ids == list(range(len(born) - len(ids) + 1, len(born) + 1))
                    since = hub.clock.now() - hub.settings.logs_retention
                    young = [number for number, at in enumerate(born, 1) if at >= since]
                    assert set(ids) <= set(young)
                    assert used <= hub.settings.logs_size + TIDYING or not ids
                    if hub.settings.logs_size == 10**9 and not any(w == "size" for w, _ in events):
                        assert ids == young
