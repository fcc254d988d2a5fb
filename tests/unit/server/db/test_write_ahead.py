"""The write-ahead log: kept short beside writers and readers that never rest."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from chatops.server.db import engine, files, write_ahead
from chatops.server.db.engine import Database
from chatops.server.db.statement import Statement
from chatops.tasks import Tasks

PAGES = 100


@pytest.fixture
async def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """One whose log is long with a hundred pages; its writer would do the work itself at 64 MiB."""
    monkeypatch.setattr(engine, "TIDY_FROM", 0)
    monkeypatch.setattr(write_ahead, "MOST_PAGES", PAGES)
    database = await Database.open(tmp_path / "one.db")
    async with database.write() as session:
        await session.execute(text("CREATE TABLE words (word TEXT)"))
    yield database
    await database.close()


_ADD = Statement(text("INSERT INTO words VALUES (:word)"))


async def _write(database: Database, number: int) -> None:
    word = f"{number}-" + "x" * 8_000
    await database.transact(lambda tx: tx.run(_ADD, {"word": word}))


async def test_a_log_that_could_not_be_tidied_is_tidied_later(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = str(database.path.parent / "no" / "where")
    connect = write_ahead.connect
    monkeypatch.setattr(write_ahead, "connect", lambda _, **options: connect(nowhere, **options))
    for _ in range(2):
        with pytest.raises(sqlite3.Error):
            await database.tidy()
    monkeypatch.setattr(write_ahead, "connect", connect)
    await database.tidy()


async def test_a_log_to_which_somebody_always_adds_begins_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy, finish, synced = write_ahead.copy, write_ahead.finish, list[int]()
    monkeypatch.setattr(os, "fsync", lambda file: synced.append(os.fstat(file).st_ino))

    def beside(connection: sqlite3.Connection) -> int:
        """What was added meanwhile is not copied."""
        with closing(sqlite3.connect(database.path)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM words").fetchall()
            connection.execute("INSERT INTO words VALUES ('one more')")
            return copy(connection)

    def alone(connection: sqlite3.Connection) -> None:
        assert synced == [database.path.stat().st_ino]
        monkeypatch.setattr(write_ahead, "copy", copy)
        finish(connection)

    monkeypatch.setattr(write_ahead, "copy", beside)
    monkeypatch.setattr(write_ahead, "finish", alone)
    for number in range(PAGES // 3):  # four pages each
        await _write(database, number)
    await database.tidy()
    assert await _pages_after_one_more(database) < 10


async def test_a_log_that_is_far_too_long_has_the_writer_wait_for_readers(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, finishing, finish = asyncio.get_running_loop(), asyncio.Event(), write_ahead.finish

    def noted(connection: sqlite3.Connection) -> None:
        loop.call_soon_threadsafe(finishing.set)
        finish(connection)

    monkeypatch.setattr(write_ahead, "finish", noted)
    monkeypatch.setattr(write_ahead, "_PATIENCE", 30.0)
    async with AsyncExitStack() as reading, Tasks() as tasks:
        session = await reading.enter_async_context(database.read())
        await session.execute(text("SELECT * FROM words"))
        for number in range(PAGES):
            await _write(database, number)
        tidying = tasks.spawn(database.tidy(), name="tidy")
        await finishing.wait()
        await reading.aclose()
        await tidying
    assert await _pages_after_one_more(database) < 10


async def test_a_writer_that_cannot_be_had_ends_no_tidying(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidied = asyncio.Event()
    monkeypatch.setattr(files, "TIDY_EVERY", 0)
    monkeypatch.setattr(engine, "QUEUE_TIMEOUT", 0.05)
    monkeypatch.setattr(write_ahead, "MOST_PAGES", 0)
    monkeypatch.setattr(write_ahead, "finish", lambda _: tidied.set())
    await _write(database, 1)
    tasks = Tasks()
    tidying = tasks.spawn(files.Databases(database, database, database).keep_tidy(), name="tidy")
    async with database.write():
        await asyncio.wait([tidying], timeout=0.5)
    assert not tidying.done()
    await _write(database, 2)
    async with asyncio.timeout(30):
        await tidied.wait()
    await tasks.close()


async def _pages_after_one_more(database: Database) -> int:
    """Of the log, which was hundreds long and begins anew with a write, if it does."""
    await _write(database, PAGES)
    with closing(sqlite3.connect(database.path)) as other:
        return write_ahead.copy(other)
