"""Short transactions: committed together, each by itself undone, none told too early."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import threading
from typing import Any

import pytest
from sqlalchemy import bindparam, insert, update
from sqlmodel import col

from chatops.errors import Busy, Conflict, NotFound
from chatops.server.crud import users
from chatops.server.db import engine
from chatops.server.db.engine import Database
from chatops.server.db.models import Command, Run, User
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction
from chatops.tasks import Tasks
from tests.support.databases import failing

_COLUMNS = ("id", "name", "password_hash", "role", "disabled", "created_at", "generation")
_ADD = Statement(insert(User), _COLUMNS)


def _add(tx: Transaction, name: str) -> str:
    row = {"id": name, "name": name, "password_hash": "x", "role": "viewer", "created_at": 1.0}
    tx.run(_ADD, {**row, "disabled": False, "generation": 0})
    return name


async def _names(database: Database) -> list[str]:
    async with database.read() as session:
        rows, _ = await users.list_page(session, limit=1000)
        return [row.name for row in rows]


async def _hold(database: Database, begun: asyncio.Event, release: asyncio.Event) -> None:
    async with database.write():
        begun.set()
        await release.wait()


async def test_it_is_committed_when_the_answer_comes(database: Database) -> None:
    assert await database.transact(lambda tx: _add(tx, "ann")) == "ann"
    assert await _names(database) == ["ann"]


async def test_it_runs_outside_the_event_loop(database: Database) -> None:
    thread = await database.transact(lambda tx: threading.get_ident())
    assert thread != threading.get_ident()


async def test_what_raises_is_undone_and_takes_nobody_along(database: Database) -> None:
    def fail(tx: Transaction) -> None:
        _add(tx, "never")
        raise NotFound("nothing here")

    outcomes = await asyncio.gather(
        database.transact(lambda tx: _add(tx, "ann")),
        database.transact(fail),
        database.transact(lambda tx: _add(tx, "ann")),
        database.transact(lambda tx: _add(tx, "bob")),
        return_exceptions=True,
    )
    assert outcomes[0] == "ann"
    assert isinstance(outcomes[1], NotFound)
    assert isinstance(outcomes[2], Conflict)
    assert outcomes[3] == "bob"
    assert await _names(database) == ["ann", "bob"]


async def test_all_fail_when_the_commit_does(database: Database) -> None:
    def refer_to_nothing(tx: Transaction) -> None:
        tx._cursor.execute("PRAGMA defer_foreign_keys = ON")  # so that it shows at the commit
        tx._cursor.execute(
            "INSERT INTO command_output (command_id, stream, offset, data) VALUES ('x', 's', 0, '')"
        )

    outcomes = await asyncio.gather(
        database.transact(lambda tx: _add(tx, "ann")),
        database.transact(refer_to_nothing),
        return_exceptions=True,
    )
    assert [type(one) for one in outcomes] == [Conflict, Conflict]
    assert await _names(database) == []
    await database.transact(lambda tx: _add(tx, "later"))
    assert await _names(database) == ["later"]


async def test_all_fail_when_the_disk_does(database: Database) -> None:
    async with failing(database):
        outcomes = await asyncio.gather(
            *(database.transact(functools.partial(_add, name=name)) for name in "abc"),
            return_exceptions=True,
        )
    assert [type(one) for one in outcomes] == [Busy, Busy, Busy]
    await database.transact(lambda tx: _add(tx, "later"))
    assert await _names(database) == ["later"]


async def test_it_waits_for_a_session_and_a_session_for_it(database: Database) -> None:
    async def bump() -> None:
        async with database.write() as session:
            row = await users.get(session, "ann")
            assert row is not None
            seen = row.generation
            await asyncio.sleep(0)
            row.generation = seen + 1

    def bump_quickly(tx: Transaction) -> None:
        tx.run(_BUMP, {"user_id": "ann"})

    await database.transact(lambda tx: _add(tx, "ann"))
    works = [bump() if one % 3 else database.transact(bump_quickly) for one in range(60)]
    await asyncio.gather(*works)
    async with database.read() as session:
        row = await users.get(session, "ann")
    assert row is not None
    assert row.generation == 60


_BUMP = Statement(
    update(User)
    .where(col(User.id) == bindparam("user_id"))
    .values(generation=col(User.generation) + 1)
)


async def test_a_cancellation_drops_what_has_not_begun(database: Database) -> None:
    begun, release = asyncio.Event(), asyncio.Event()
    async with Tasks() as tasks:
        holder = tasks.spawn(_hold(database, begun, release), name="hold")
        await begun.wait()
        one = tasks.spawn(database.transact(lambda tx: _add(tx, "dropped")), name="one")
        two = tasks.spawn(database.transact(lambda tx: _add(tx, "kept")), name="two")
        await asyncio.sleep(0)
        one.cancel()
        with pytest.raises(asyncio.CancelledError):
            await one
        release.set()
        assert await two == "kept"
        await holder
    assert await _names(database) == ["kept"]


async def test_a_late_cancellation_finds_it_settled(database: Database) -> None:
    running, go_on = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        _add(tx, "slow")
        running.set()
        go_on.wait(10)

    async with Tasks() as tasks:
        work = tasks.spawn(database.transact(slow), name="slow")
        await asyncio.to_thread(running.wait, 10)
        work.cancel()
        await asyncio.sleep(0)
        assert not work.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await work
    assert await _names(database) == ["slow"]
    await database.transact(lambda tx: _add(tx, "later"))


async def test_who_waits_too_long_for_a_turn_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "QUEUE_TIMEOUT", 0.05)
    async with database.write():
        with pytest.raises(Busy, match="was not free"):
            await database.transact(lambda tx: _add(tx, "ann"))
    assert await database.transact(lambda tx: _add(tx, "bob")) == "bob"
    assert await _names(database) == ["bob"]


async def test_a_fault_of_ours_is_not_dressed_up(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        await database.transact(lambda tx: tx._cursor.execute("SELECT 1 FROM nowhere"))


def test_a_statement_converts_values_as_its_columns_say() -> None:
    statement = Statement(insert(Run), _run())
    assert statement.values(_run() | {"command": ["a", "ä"], "options": {"k": None}}) == (
        "r", None, None, "all", '["a", "\\u00e4"]', '{"k": null}', None, None, b"\0", 1.0,
    )  # fmt: skip


def test_a_statement_keeps_the_values_it_was_made_with() -> None:
    changed = update(Command).where(
        col(Command.id) == bindparam("which"), col(Command.status) == "sent"
    )
    statement = Statement(changed.values(truncated=bindparam("cut"), error=None))
    assert sorted(map(str, statement.values({"which": "c", "cut": True}))) == [
        "1", "None", "c", "sent",
    ]  # fmt: skip
    with pytest.raises(KeyError):
        statement.values({"which": "c"})


def test_an_insert_that_leaves_out_a_default_is_refused() -> None:
    with pytest.raises(AssertionError, match="default"):
        Statement(insert(User), ["id", "name"])


def _run() -> dict[str, Any]:
    return {
        "id": "r", "user_id": None, "user_name": None, "target": "all", "command": "x",
        "options": {}, "idempotency_key": None, "digest": None, "sealed_env": b"\0",
        "created_at": 1.0,
    }  # fmt: skip
