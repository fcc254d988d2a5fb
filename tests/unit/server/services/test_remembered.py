"""Rows that are believed for a moment, and not when they were changed."""

from __future__ import annotations

import asyncio

from chatops.server.services import remembered
from chatops.server.services.remembered import Remembered


class Table:
    """One row, which says how often it was read."""

    def __init__(self) -> None:
        self.reads = 0
        self.row: str | None = "old"
        self.go = asyncio.Event()
        self.go.set()

    async def load(self, _: str) -> str | None:
        self.reads += 1
        found = self.row
        await self.go.wait()
        return found


async def test_a_row_is_read_once_until_it_is_forgotten() -> None:
    table = Table()
    known = Remembered(table.load)
    assert [await known.get("a"), await known.get("a")] == ["old", "old"]
    table.row = None
    known.forget("a")
    assert [await known.get("a"), await known.get("a")] == [None, None]
    assert table.reads == 2


async def test_what_was_read_before_a_change_is_not_kept() -> None:
    table = Table()
    known = Remembered(table.load)
    table.go.clear()

    async def change() -> None:
        table.row = "new"
        known.forget("a")
        table.go.set()

    read, _ = await asyncio.gather(known.get("a"), change())
    assert read == "old"
    assert await known.get("a") == "new"


async def test_the_memory_is_bounded() -> None:
    table = Table()
    known = Remembered(table.load)
    for number in range(remembered._MOST + 1):
        await known.get(str(number))
    await known.get("0")
    assert table.reads == remembered._MOST + 2
