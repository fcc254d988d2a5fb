"""The driver's connection: a cancelled task leaves it at rest."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatops.server.db.driver import AHEAD, SteadyConnection, connect
from chatops.tasks import Tasks
from tests.support.waiting import until_async


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[SteadyConnection]:
    connection = connect(str(tmp_path / "one.db"), isolation_level=None)
    await connection
    yield connection
    await connection.close()


async def test_a_cancellation_waits_for_the_statement(connection: SteadyConnection) -> None:
    entered, leave = threading.Event(), threading.Event()

    def slow() -> str:
        entered.set()
        leave.wait(30)
        return "done"

    async with Tasks() as tasks:
        task = tasks.spawn(connection._execute(slow), name="slow")
        await until_async(entered.is_set)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0)
        assert not task.done()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    rows = await (await connection.execute("SELECT 1")).fetchall()
    assert list(rows) == [(1,)]


async def test_a_cancellation_hides_the_error_of_its_statement(
    connection: SteadyConnection,
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def failing() -> None:
        entered.set()
        leave.wait(30)
        raise sqlite3.OperationalError("too late to matter")

    async with Tasks() as tasks:
        task = tasks.spawn(connection._execute(failing), name="failing")
        await until_async(entered.is_set)
        task.cancel()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_an_error_comes_through(connection: SteadyConnection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await connection.execute("SELECT * FROM nowhere")


async def test_it_closes_once(tmp_path: Path) -> None:
    connection = connect(str(tmp_path / "one.db"))
    await connection
    await connection.close()
    await connection.close()
    assert connection.stop() is None
    with pytest.raises(ValueError, match="no active connection"):
        await connection.commit()


async def test_its_thread_does_not_keep_the_process(connection: SteadyConnection) -> None:
    assert connection._thread.daemon


@pytest.mark.parametrize("size", [1, AHEAD - 1, AHEAD, AHEAD + 1, 3 * AHEAD])
async def test_only_the_last_of_many_rows_come_in_a_short_answer(size: int) -> None:
    connection = await connect(":memory:", check_same_thread=False)  # as SQLAlchemy has it
    count = 2 * AHEAD + 7
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT {count})"
    cursor = await connection.cursor().__aenter__()
    await cursor.execute(f"{numbers} SELECT i FROM n")
    parts = [list(await cursor.fetchmany(size))]
    while parts[-1]:
        parts.append(list(await cursor.fetchmany(size)))
    await cursor.close()
    await connection.close()
    assert [i for part in parts for (i,) in part] == list(range(1, count + 1))
    assert all(len(part) == size for part in parts[:-2])
