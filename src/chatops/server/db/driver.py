"""aiosqlite's connection, made fit for tasks that are cancelled.

As it comes, a cancelled task leaves its statement running in the connection's thread and
goes on: SQLAlchemy then cleans up a connection that is still at work, and says so in the
log. Here a cancellation takes effect when the statement under way is done, a matter of
milliseconds; what follows (the rollback, the close) finds the connection at rest.

And made cheap: every call of its kind is a trip to the connection's thread and back, which
costs more than most statements do. So a statement fetches its first rows in the same trip,
and what does no work (opening and closing a cursor, undoing nothing) makes no trip at all.
"""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, Final, Self, TypeVar

import aiosqlite

T = TypeVar("T")
AHEAD: Final = 200
"""Rows that come along with a statement; more are fetched when asked for."""


class SteadyConnection(aiosqlite.Connection):
    """Finishes what it began. It reaches into its base where SQLAlchemy does so too."""

    _stopped = False

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")  # the words that SQLAlchemy knows
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, functools.partial(fn, *args, **kwargs)))
        return await _finished(future)

    async def run(self, fn: Callable[..., T], *args: Any) -> T:
        """Call ``fn(connection, *args)`` in the connection's thread."""
        return await self._execute(fn, self._conn, *args)

    def cursor(self) -> _Opened:  # type: ignore[override]  # what SQLAlchemy needs of the result
        """A cursor; opening it touches nothing, so it needs no trip to the thread."""
        return _Opened(SteadyCursor(self, self._conn.cursor()))

    async def rollback(self) -> None:
        """Undo the open transaction, if there is one."""
        if self._conn.in_transaction:
            await super().rollback()

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread. Once: nobody would answer the second request."""
        if self._stopped:
            return None
        self._stopped = True
        return super().stop()


class SteadyCursor(aiosqlite.Cursor):
    """Brings the first rows of a result along with the statement."""

    def __init__(self, connection: SteadyConnection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._home = connection
        self._ready: list[Any] = []
        self._whole = True

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        self._ready = await self._home._execute(self._run, sql, tuple(parameters or ()))
        self._whole = len(self._ready) < AHEAD
        return self

    async def fetchall(self) -> list[Any]:
        ready, self._ready = self._ready, []
        return ready if self._whole else [*ready, *await super().fetchall()]

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """The next rows; fewer than ``size`` only at the end: SQLAlchemy takes a short answer for
        that, and would lose rows of the one after it."""
        count = size or self.arraysize
        ready, self._ready = self._ready[:count], self._ready[count:]
        if len(ready) < count and not self._whole:
            ready += await super().fetchmany(count - len(ready))
        return ready

    async def fetchone(self) -> Any:
        rows = await self.fetchmany(1)
        return rows[0] if rows else None

    async def close(self) -> None:
        """Close it. The connection is at rest between statements, whatever the thread."""
        self._cursor.close()

    def _run(self, sql: str, parameters: tuple[Any, ...]) -> list[Any]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchmany(AHEAD) if self._cursor.description else []


class _Opened:
    """A cursor that is open already, for those who expect to wait for one."""

    def __init__(self, cursor: SteadyCursor) -> None:
        self._cursor = cursor

    async def __aenter__(self) -> SteadyCursor:
        return self._cursor


def connect(database: str, **options: Any) -> SteadyConnection:
    """An unopened connection; ``options`` are those of ``sqlite3.connect``."""
    connection = SteadyConnection(
        functools.partial(sqlite3.connect, database, **options), iter_chunk_size=64
    )
    connection._thread.daemon = True  # a crash elsewhere must not leave the process hanging
    return connection


async def _finished(future: asyncio.Future[T]) -> T:
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.shield(future)
        except asyncio.CancelledError as error:
            cancelled = error
        except Exception:  # noqa: BLE001  (it is the outcome, and asked for below)
            break
    if cancelled is not None:
        future.exception()  # seen: nobody will ask for it
        raise cancelled
    return future.result()
