"""aiosqlite's connection, made fit for tasks that are cancelled.

As it comes, a cancelled task leaves its statement running in the connection's thread and
goes on: SQLAlchemy then cleans up a connection that is still at work, and says so in the
log. Here a cancellation takes effect when the statement under way is done, a matter of
milliseconds; what follows (the rollback, the close) finds the connection at rest.
"""

from __future__ import annotations

import asyncio
import functools
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import aiosqlite

T = TypeVar("T")


class SteadyConnection(aiosqlite.Connection):
    """Finishes what it began. It reaches into its base where SQLAlchemy does so too."""

    _stopped = False

    async def _execute(self, fn: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        if not self._running or self._connection is None:
            raise ValueError("Connection closed")  # the words that SQLAlchemy knows
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._tx.put_nowait((future, functools.partial(fn, *args, **kwargs)))
        return await _finished(future)

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread. Once: nobody would answer the second request."""
        if self._stopped:
            return None
        self._stopped = True
        return super().stop()


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
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        future.exception()  # seen: nobody will ask for it
        raise cancelled
    return future.result()
