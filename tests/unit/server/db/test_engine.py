"""The engine: one writer, readers beside it, and what happens when things go wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import Busy, Conflict, SetupError
from chatops.server.crud import api_keys, commands, users
from chatops.server.db import engine
from chatops.server.db.engine import Database, Durability
from chatops.server.db.files import FILES, Databases
from chatops.server.db.models import User
from chatops.tasks import Tasks
from tests.support.databases import lay_out
from tests.support.transactions import tx
from tests.support.waiting import until


async def _add(session: AsyncSession, name: str) -> User:
    return await users.create(session, name=name, password_hash="x", role="viewer", now=1.0)


async def _write(database: Database, *names: str, fail: bool = False) -> None:
    async with database.write() as session:
        for name in names:
            await _add(session, name)
        if fail:
            raise RuntimeError(f"after {name}")


async def _names(database: Database) -> list[str]:
    async with database.read() as session:
        rows, _ = await users.list_page(session, limit=1000)
        return [row.name for row in rows]


async def _pragma(session: AsyncSession, name: str) -> object:
    return await session.scalar(text(f"PRAGMA {name}"))


# -- transactions ---------------------------------------------------------------------


async def test_what_a_write_leaves_normally_is_committed(database: Database) -> None:
    async with database.write() as session:
        await _add(session, "ann")
    assert await _names(database) == ["ann"]


async def test_an_exception_undoes_the_write(database: Database) -> None:
    with pytest.raises(RuntimeError, match="after ann"):
        await _write(database, "ann", fail=True)
    assert await _names(database) == []


async def test_objects_keep_their_values_after_the_session(database: Database) -> None:
    async with database.write() as session:
        user = await _add(session, "ann")
    assert (user.name, user.disabled) == ("ann", False)
    async with database.read() as session:
        found = await users.get(session, user.id)
    assert found is not None
    assert found.name == "ann"


async def test_writes_queue_and_none_is_lost(database: Database) -> None:
    async with database.write() as session:
        user = await _add(session, "ann")

    async def bump() -> None:
        async with database.write() as session:
            row = await users.get(session, user.id)
            assert row is not None
            seen = row.generation
            await asyncio.sleep(0)
            row.generation = seen + 1

    await asyncio.gather(*(bump() for _ in range(50)))
    async with database.read() as session:
        row = await users.get(session, user.id)
    assert row is not None
    assert row.generation == 50


async def test_readers_go_on_beside_a_long_write(database: Database) -> None:
    async with database.write() as session:
        await _add(session, "old")
    async with database.write() as session:
        await _add(session, "new")
        results = await asyncio.gather(*(_names(database) for _ in range(12)))
        assert results == [["old"]] * 12
    assert await _names(database) == ["new", "old"]


async def test_a_read_sees_one_snapshot(database: Database) -> None:
    async with database.read() as session:
        assert await users.count(session) == 0
        async with database.write() as writing:
            await _add(writing, "ann")
        assert await users.count(session) == 0
    assert await _names(database) == ["ann"]


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(Busy, match="readonly"):
        async with database.read() as session:
            await _add(session, "ann")
    assert await _names(database) == []


async def test_a_taken_name_is_a_conflict(database: Database) -> None:
    async with database.write() as session:
        await _add(session, "ann")
    with pytest.raises(Conflict, match="already there"):
        await _write(database, "bob", "ann")
    assert await _names(database) == ["ann"]


async def test_a_reference_to_nothing_is_a_conflict(database: Database) -> None:
    with pytest.raises(Conflict, match="removed"):
        async with database.write() as session:
            await api_keys.create(
                session, server_id="gone", created_by=None, name="k", prefix="p", key_hash="h",
                now=1.0,
            )  # fmt: skip


async def test_a_commit_that_fails_leaves_the_writer_usable(database: Database) -> None:
    async def break_at_the_end() -> None:
        async with database.write() as session:
            await session.execute(text("PRAGMA defer_foreign_keys = ON"))
            await tx(session, commands.add_output, "gone", "stdout", [(0, b"x")])

    with pytest.raises(Conflict, match="removed"):
        await break_at_the_end()
    async with database.write() as session:
        await _add(session, "ann")
    assert await _names(database) == ["ann"]


async def test_a_fault_of_ours_is_not_dressed_up(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.read() as session:
            await session.execute(text("SELECT nothing FROM nowhere"))


# -- cancellation ---------------------------------------------------------------------


@pytest.mark.parametrize("steps", range(0, 40, 2))
async def test_a_write_cancelled_anywhere_is_whole_or_undone(
    database: Database, steps: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with Tasks() as tasks:
        task = tasks.spawn(_write(database, "one", "two"), name="cancelled")
        for _ in range(steps):
            await asyncio.sleep(0.0005)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    async with database.write() as session:
        await _add(session, "after")
    assert await _names(database) in (["after"], ["after", "one", "two"])
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_cancelling_who_waits_for_the_writer_leaves_the_queue_whole(
    database: Database,
) -> None:
    async with Tasks() as tasks:
        async with database.write() as session:
            await _add(session, "first")
            waiting = [tasks.spawn(_write(database, f"w{n}"), name=f"w{n}") for n in range(10)]
            await asyncio.sleep(0.01)
            for task in waiting[::2]:
                task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    assert await _names(database) == ["first", "w1", "w3", "w5", "w7", "w9"]


# -- settings and files ---------------------------------------------------------------


@pytest.mark.parametrize(("durability", "level"), [("normal", 1), ("full", 2)])
async def test_the_writer_is_set_up(tmp_path: Path, durability: Durability, level: int) -> None:
    database = await Database.open(tmp_path / "one.db", durability=durability)
    async with database.write() as session:
        assert await _pragma(session, "journal_mode") == "wal"
        assert await _pragma(session, "synchronous") == level
        assert await _pragma(session, "foreign_keys") == 1
        assert await _pragma(session, "busy_timeout") == 5000
    async with database.read() as session:
        assert await _pragma(session, "query_only") == 1
        assert await _pragma(session, "foreign_keys") == 1
    await database.close()


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
async def test_all_files_are_private(tmp_path: Path) -> None:
    lay_out(tmp_path)
    for name in FILES:
        (tmp_path / name).chmod(0o644)
    databases = await Databases.open(tmp_path)
    async with databases.chatops.write() as session:
        await _add(session, "ann")
    files = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert {"chatops.db", "chatops.db-wal", "chatops.db-shm", "logs.db"} <= set(files)
    assert set(files.values()) == {0o600}
    await databases.close()


async def test_close_leaves_neither_threads_nor_side_files(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    lay_out(tmp_path)
    databases = await Databases.open(tmp_path)
    await asyncio.gather(*(_names(databases.chatops) for _ in range(8)))
    await databases.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(FILES)
    until(lambda: not [t for t in threading.enumerate() if t not in before and _ours(t)])


def _ours(thread: threading.Thread) -> bool:
    return not thread.name.startswith("asyncio")


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "one.db")
    await database.close()
    with pytest.raises(Busy, match="shutting down"):
        async with database.write():
            pass
    with pytest.raises(Busy, match="shutting down"):
        async with database.read():
            pass


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    path.write_bytes(b"this is not a database, and long enough to be looked at" * 20)
    with pytest.raises(SetupError, match=r"chatops\.db cannot be used as a database"):
        await Database.open(path)


async def test_a_path_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file or directory"):
        await Database.open(tmp_path / "missing" / "chatops.db")
    (tmp_path / "folder.db").mkdir()
    with pytest.raises(SetupError, match="Is a directory"):
        await Database.open(tmp_path / "folder.db")


async def test_all_or_none_of_the_three_are_open(tmp_path: Path) -> None:
    before = threading.active_count()
    (tmp_path / "logs.db").mkdir()
    with pytest.raises(SetupError):
        await Databases.open(tmp_path)
    until(lambda: threading.active_count() <= before + 1)  # asyncio's own worker stays


# -- trouble --------------------------------------------------------------------------


async def test_a_file_locked_by_another_process_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT", 0.05)
    lay_out(tmp_path)
    database = await Database.open(tmp_path / "chatops.db")
    other = sqlite3.connect(tmp_path / "chatops.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Busy, match=r"another process has chatops\.db locked"):
        async with database.write() as session:
            await _add(session, "ann")
    assert await _names(database) == []
    other.execute("ROLLBACK")
    other.close()
    async with database.write() as session:
        await _add(session, "ann")
    assert await _names(database) == ["ann"]
    await database.close()


async def test_who_waits_too_long_for_the_writer_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "QUEUE_TIMEOUT", 0.05)
    lay_out(tmp_path)
    database = await Database.open(tmp_path / "chatops.db")
    async with database.write() as session:
        await _add(session, "ann")
        with pytest.raises(Busy, match="was not free"):
            async with database.write():
                pass
    assert await _names(database) == ["ann"]
    await database.close()


async def test_a_full_disk_is_said_and_loses_nothing(database: Database) -> None:
    async with database.write() as session:
        await _add(session, "kept")
        pages = await _pragma(session, "page_count")
    async with database.write() as session:
        await session.execute(text(f"PRAGMA max_page_count = {pages}"))
    with pytest.raises(Busy, match=r"the disk is full.*chatops\.db") as caught:
        await _write(database, *(f"u{number}" + "x" * 1000 for number in range(1000)))
    assert caught.value.hint is not None
    assert await _names(database) == ["kept"]
    async with database.write() as session:
        await session.execute(text("PRAGMA max_page_count = 1000000"))
        await _add(session, "later")
    assert await _names(database) == ["kept", "later"]


_LIMITED = """
import asyncio, resource, sys
from pathlib import Path
from chatops.errors import Busy
from chatops.server.crud import users
from chatops.server.db.engine import Database

async def main():
    database = await Database.open(Path(sys.argv[1]))
    size = Path(sys.argv[1]).stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, resource.RLIM_INFINITY))
    stored = 0
    try:
        while stored < 100_000:
            async with database.write() as session:
                await users.create(session, name=f"u{stored}", password_hash="x" * 1000,
                                   role="viewer", now=1.0)
            stored += 1
    except Busy as error:
        print(stored, error.message)

asyncio.run(main())
"""


async def test_a_file_that_may_not_grow_keeps_what_was_committed(tmp_path: Path) -> None:
    lay_out(tmp_path)
    path = tmp_path / "chatops.db"
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", _LIMITED, str(path)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    stored, _, message = done.stdout.partition(" ")
    assert "the disk" in message
    assert 0 < int(stored) < 100_000
    database = await Database.open(path)
    async with database.read() as session:
        assert await users.count(session) == int(stored)
    await database.close()


def test_kill_9_keeps_every_committed_row(tmp_path: Path) -> None:
    lay_out(tmp_path)
    path = tmp_path / "chatops.db"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.committing", str(path)],
        stdout=subprocess.PIPE, cwd=Path(__file__).parents[4],
    )  # fmt: skip
    assert process.stdout is not None
    printed = [process.stdout.readline() for _ in range(300)]
    process.send_signal(signal.SIGKILL)
    printed += process.stdout.readlines()
    process.stdout.close()
    assert process.wait() == -signal.SIGKILL
    committed = {line.decode().strip() for line in printed if line.endswith(b"\n")}
    assert len(committed) >= 300

    connection = sqlite3.connect(path)
    stored = {row[0] for row in connection.execute("SELECT id FROM users")}
    assert committed <= stored
    assert len(stored) <= len(committed) + 1
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
