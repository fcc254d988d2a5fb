"""Turns: fair between addresses, bounded, and never lost."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import Busy
from chatops.server.services.turns import Turns
from chatops.tasks import Tasks


class Work:
    """Pieces of work that end when told to, and the order in which they had their turn."""

    def __init__(self, turns: Turns, tasks: Tasks) -> None:
        self.turns = turns
        self.tasks = tasks
        self.began: list[str] = []
        self.refused: list[str] = []
        self._end = asyncio.Semaphore(0)

    def start(self, *names: str) -> list[asyncio.Task[None]]:
        return [self.tasks.spawn(self._do(name), name=name) for name in names]

    async def end(self, count: int = 1) -> None:
        for _ in range(count):
            self._end.release()
            await settle()

    async def _do(self, name: str) -> None:
        try:
            async with self.turns.turn(name[0]):
                self.began.append(name)
                await self._end.acquire()
        except Busy:
            self.refused.append(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_addresses_take_turns() -> None:
    async with Tasks() as tasks:
        work = Work(Turns(1, 100, 100, "sign-ins"), tasks)
        work.start("a1", "a2", "a3", "a4", "b1", "b2", "c1")
        await settle()
        await work.end(7)
        assert work.began == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]
        assert len(work.turns) == 0


async def test_one_addresses_queue_is_bounded() -> None:
    async with Tasks() as tasks:
        work = Work(Turns(1, 100, 2, "sign-ins"), tasks)
        work.start("a1", "a2", "a3", "a4", "b1")
        await settle()
        assert work.refused == ["a4"]
        await work.end(4)
        assert work.began == ["a1", "a2", "b1", "a3"]


async def test_the_longest_queue_gives_way_to_a_newcomer() -> None:
    async with Tasks() as tasks:
        work = Work(Turns(1, 3, 3, "sign-ins"), tasks)
        work.start("a1", "a2", "a3", "a4", "b1")
        await settle()
        assert work.refused == ["a4"]
        work.start("c1", "d1")
        await settle()
        assert sorted(work.refused) == ["a3", "a4", "d1"]
        await work.end(4)
        assert len(work.turns) == 0


async def test_who_stops_waiting_takes_no_turn() -> None:
    async with Tasks() as tasks:
        work = Work(Turns(1, 10, 10, "sign-ins"), tasks)
        _, second, _ = work.start("a1", "a2", "a3")
        await settle()
        second.cancel()
        work._end.release()
        await settle()
        assert work.began == ["a1", "a3"]
        await work.end()
        work.start("b1")
        await settle()
        assert work.began[-1] == "b1"
        await work.end()


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("sec")), max_size=60))
def test_no_turn_is_ever_lost(steps: list[tuple[str, str]]) -> None:
    """Start, end and cancel in any order: afterwards all slots are free."""

    async def live() -> None:
        async with Tasks() as tasks:
            work = Work(Turns(2, 6, 3, "sign-ins"), tasks)
            made: list[asyncio.Task[None]] = []
            for holder, step in steps:
                if step == "s":
                    made += work.start(holder)
                elif step == "e":
                    work._end.release()
                elif made:
                    made.pop().cancel()
                if holder == "a":
                    await asyncio.sleep(0)
            for task in made:
                task.cancel()
            await settle()
            assert (work.turns._free, len(work.turns)) == (2, 0)

    asyncio.run(live())


async def test_busy_names_the_work() -> None:
    turns = Turns(0, 0, 0, "sign-ins")
    with pytest.raises(Busy, match="too many sign-ins at once"):
        async with turns.turn("a"):
            pytest.fail("it had a turn")
