"""Short write transactions, each a function that runs in the writer's thread.

A statement that the event loop waits for costs a trip to that thread and back, and a
commit costs one of the disk. So a function makes all its statements there, and functions
that wait for the writer at the same time share one commit. Each has a savepoint of its own:
one that fails takes nobody along, and none is told that it succeeded before the commit.
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import TimedOut
from chatops.server.db.driver import SteadyConnection
from chatops.server.db.statement import Statement, Values, WideInsert

T = TypeVar("T")
LONGEST: Final = 0.02
"""Seconds that functions may hold the writer together; the next ones then wait their turn."""
_NO_VALUES: Final[Values] = {}
_STEPS: Final = 10_000
"""Instructions of SQLite between two looks at the clock: about a millisecond."""


class _Late(Exception):
    """The time that a function had is over."""


class Transaction:
    """What a function works with. Values come back as the driver has them: JSON as text."""

    def __init__(self, cursor: sqlite3.Cursor, until: float = math.inf) -> None:
        self._cursor = cursor
        self._until = until

    def check_time(self) -> None:
        """Between statements that are short each, and many.

        Raises:
            an error that ``snapshot`` tells as TimedOut: its time is over.
        """
        if time.monotonic() > self._until:
            raise _Late

    def run(self, statement: Statement, values: Values = _NO_VALUES) -> int:
        """Change rows; how many it met."""
        self._cursor.execute(statement.sql, statement.values(values))
        return self._cursor.rowcount

    def run_all(self, statement: Statement, rows: Iterable[Values]) -> int:
        """Change rows, once with each of the values; how many it met together."""
        self._cursor.executemany(statement.sql, [statement.values(row) for row in rows])
        return self._cursor.rowcount

    def run_tuples(self, statement: Statement, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows that hold the values as the driver takes them, in the order in which the
        statement has them: half the cost of ``run_all``, for what comes in thousands."""
        assert not rows or statement.takes(rows[0])
        self._cursor.executemany(statement.sql, rows)

    def run_wide(self, statement: WideInsert, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert rows that hold the values in the order in which the statement has them, with few
        calls: half the cost of ``run_tuples``, and less to wait for (see ``WideInsert``)."""
        for sql, values in statement.portions(rows):
            self._cursor.execute(sql, values)

    def first(self, statement: Statement, values: Values = _NO_VALUES) -> tuple[Any, ...] | None:
        """The first row of the answer, if there is one."""
        self._cursor.execute(statement.sql, statement.values(values))
        found: tuple[Any, ...] | None = self._cursor.fetchone()
        return found

    def all(self, statement: Statement, values: Values = _NO_VALUES) -> list[tuple[Any, ...]]:
        """All rows of the answer."""
        self._cursor.execute(statement.sql, statement.values(values))
        return self._cursor.fetchall()

    def all_whatever_it_holds(
        self, statement: Statement, values: Values = _NO_VALUES
    ) -> list[tuple[Any, ...]]:
        """The same, also of text that is no UTF-8 and so was not written here; its odd bytes
        become what no text of ours holds (lone surrogates)."""
        self._cursor.connection.text_factory = _decode
        try:
            return self.all(statement, values)
        finally:
            self._cursor.connection.text_factory = str


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


async def in_session(session: AsyncSession, work: Callable[[Transaction], T]) -> T:
    """Run a function within the transaction of a session, in one trip to its thread."""
    await session.flush()
    connection = await session.connection()
    steady = (await connection.get_raw_connection()).driver_connection
    assert isinstance(steady, SteadyConnection)
    return await steady.run(_with_cursor, work)


def _with_cursor(connection: sqlite3.Connection, work: Callable[[Transaction], T]) -> T:
    cursor = connection.cursor()
    try:
        return work(Transaction(cursor))
    finally:
        cursor.close()


def snapshot(
    connection: sqlite3.Connection, work: Callable[[Transaction], T], seconds: float | None = None
) -> T:
    """In a reader's thread: call ``work`` in a transaction that changes nothing, and stop it after
    ``seconds``.

    Raises:
        TimedOut: it took longer.
    """
    cursor = connection.cursor()
    until = math.inf
    if seconds is not None:
        until = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        cursor.execute("BEGIN")
        return work(Transaction(cursor, until))
    except (sqlite3.OperationalError, _Late) as error:
        if isinstance(error, _Late) or error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            raise TimedOut(f"the hub stopped looking after {seconds:g} s") from None
        raise
    finally:
        connection.set_progress_handler(None, 0)
        if connection.in_transaction:
            cursor.execute("ROLLBACK")
        cursor.close()


class Job(Generic[T]):
    """A function that waits for the writer, and what becomes of it."""

    def __init__(self, work: Callable[[Transaction], T]) -> None:
        self._work = work
        self._outcome: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._result: T | None = None
        self._error: BaseException | None = None
        self._dropped = False
        self._begun = False

    async def outcome(self) -> T:
        """Its answer, as soon as it is committed.

        A cancellation drops it if it was not begun; else it takes effect when it is settled.

        Raises:
            whatever the function or the commit raised; then nothing of it is kept.
        """
        cancelled: asyncio.CancelledError | None = None
        while not self._outcome.done():
            try:
                await asyncio.shield(self._outcome)
            except asyncio.CancelledError as error:
                cancelled, self._dropped = error, True
                if not self._begun:
                    raise
            except BaseException:  # noqa: BLE001  (it is the outcome, and asked for below)
                break
        if cancelled is not None:
            self._outcome.exception()  # seen: nobody will ask for it
            raise cancelled
        return self._outcome.result()

    def run(self, cursor: sqlite3.Cursor) -> None:
        """In the writer's thread: do it, or undo what it did.

        Raises:
            sqlite3.Error: the whole transaction was given up by SQLite.
        """
        self._begun = True
        if self._dropped:
            self._error = asyncio.CancelledError()
            return
        cursor.execute("SAVEPOINT job")
        try:
            self._result = self._work(Transaction(cursor))
        except BaseException as error:  # told to whoever waits
            self._error = error
            if not cursor.connection.in_transaction:
                raise
            cursor.execute("ROLLBACK TO job")
        cursor.execute("RELEASE job")

    def settle(self, failure: BaseException | None = None) -> None:
        """In the event loop: tell whoever waits. ``failure`` is of all that were together."""
        error = self._error or failure
        if self._outcome.done():
            return
        if error is None:
            self._outcome.set_result(self._result)  # type: ignore[arg-type]  # it is a T by now
        elif isinstance(error, asyncio.CancelledError):
            self._outcome.cancel()
        else:
            self._outcome.set_exception(error)
            self._outcome.exception()  # a caller who went away does not ask


def work_off(
    connection: sqlite3.Connection, waiting: deque[Job[Any]], done: list[Job[Any]]
) -> BaseException | None:
    """In the writer's thread: do what waits, in order, and commit it.

    What was taken from ``waiting`` is put into ``done``; the answer is a failure that undid
    all of it, and nothing was taken when the transaction could not even begin.
    """
    cursor = connection.cursor()
    try:
        cursor.execute("BEGIN IMMEDIATE")
        until = time.monotonic() + LONGEST
        for _ in range(len(waiting)):
            done.append(waiting.popleft())
            done[-1].run(cursor)
            if time.monotonic() >= until:
                break
        cursor.execute("COMMIT")
    except BaseException as error:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                cursor.execute("ROLLBACK")
        if not done:
            raise
        return error
    finally:
        cursor.close()
    return None
