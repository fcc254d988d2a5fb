"""The databases: one SQLite file each, with one writer and several readers.

SQLite takes one writer at a time. So a file has one connection that writes; its users
queue for it in order, and its transactions begin with BEGIN IMMEDIATE: what was read in
one is still true when it commits. Readers have connections of their own, each transaction
sees one snapshot, and neither waits for the other (WAL). The connections live in threads
of aiosqlite, never in the event loop's.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar, cast

from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import PoolResetState

from chatops.errors import Busy, SetupError
from chatops.server.db.driver import SteadyConnection, connect
from chatops.server.db.faults import explain, make_private
from chatops.server.db.timings import Timings
from chatops.server.db.transactions import Job, Transaction, snapshot, work_off
from chatops.server.db.write_ahead import MOST_PAGES, TIDY_FROM, WriteAhead, size_of
from chatops.tasks import Tasks

T = TypeVar("T")
Durability = Literal["normal", "full"]

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that has the file locked."""
QUEUE_TIMEOUT: Final = 30.0
"""Seconds to wait for the writer, or a free reader, of this process."""
_WAL_KEPT: Final = 256 * 1024 * 1024
"""Bytes of a write-ahead log that stay on the disk when it begins anew. Whoever writes then cuts
the rest off, which takes 10 ms for some tens of MiB: so it is more than a busy log comes to."""
_READER_CACHE: Final = 512
"""KiB of pages that each reader keeps; the kernel has the others."""


class Database:
    """One SQLite file. Sessions do not expire what they loaded when they end."""

    def __init__(self, path: Path, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._closed = False
        self._turn = asyncio.Lock()
        self._waiting: deque[Job[Any]] = deque()
        self._working = False
        self.commits = Timings()
        """Of each transaction of the writer, from its BEGIN to the end of its COMMIT."""
        self._steady: SteadyConnection | None = None
        event.listen(writer.sync_engine, "connect", self._connected)
        self._tasks = Tasks()
        self._log = WriteAhead(path, self._writing)

    @classmethod
    async def open(cls, path: Path, *, durability: Durability = "normal", readers: int = 4) -> Self:
        """The file at ``path``, mode 0600, made if it is not there.

        ``normal``: a commit survives the death of every process, a power cut may take the
        last ones. ``full``: a power cut takes none, and each commit waits for the disk.

        Raises:
            SetupError: the file cannot be made or opened, or is no database.
        """
        await asyncio.to_thread(make_private, path)
        database = cls(path, _writer(path, durability), _reader(path, readers))
        try:
            async with database.write():
                pass
        except DBAPIError as error:
            await database.close()
            raise SetupError(f"{path} cannot be used as a database: {error.orig}") from error
        except BaseException:
            await database.close()
            raise
        return database

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """The writer, for one transaction: committed at the end, undone by any exception.

        Keep it short, and never ask for a second one inside: it would wait for the first.
        A cancellation undoes it too, unless the commit itself was already under way.

        Raises:
            Busy: the writer was not free in time, the disk is full, or it failed.
            Conflict: a unique key is taken, or a row that is referred to is gone.
        """
        with self._explained():
            async with self._writing():
                sessions = AsyncSession(self._writer, expire_on_commit=False)
                async with sessions as session, session.begin():
                    await session.connection()  # takes the lock now, not at the first statement
                    yield session

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        """Run a function as one transaction in the writer's thread; its answer, once committed.

        It makes its statements there, touches nothing of the event loop's, and takes no time.
        What waits for the writer is committed together, and each function by itself undone by
        what it raises. A cancellation drops it before it begins; later it takes effect when
        all is committed.

        Raises:
            what ``work`` raises, and as ``write``.
        """
        with self._explained():
            job = Job(work)
            self._waiting.append(job)
            if not self._working:
                self._working = True
                self._tasks.spawn(self._work_off(), name=f"writer of {self.path.name}")
            return await job.outcome()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A reader: one snapshot of what is committed, for as long as it lasts.

        Raises:
            Busy: no reader was free in time, or the disk failed.
        """
        with self._explained():
            async with AsyncSession(self._reader, expire_on_commit=False) as session:
                yield session

    async def look(self, work: Callable[[Transaction], T], seconds: float | None = None) -> T:
        """Run a function on one snapshot of what is committed, in a reader's thread; its answer.
        A fifth of the cost of a session, for what is asked often.

        Raises:
            TimedOut: it took longer than ``seconds``.
            what ``work`` raises, and as ``read``.
        """
        with self._explained():
            reader = await self._reader.raw_connection()
            try:
                steady = cast("SteadyConnection", reader.driver_connection)
                return await steady.run(snapshot, work, seconds)
            finally:
                reader.close()

    @property
    def waiting(self) -> int:
        """Functions that wait for the writer."""
        return len(self._waiting)

    def sizes(self) -> dict[str, int]:
        """Bytes of the file and of its write-ahead log; asks the disk."""
        return {"main": size_of(self.path), "wal": self._log.size()}

    async def check_writable(self) -> None:
        """Write something that changes nothing: a number in the file's head that nobody reads.

        Raises:
            Busy: it cannot be written now.
        """
        async with self.write() as session:
            await session.execute(text("PRAGMA user_version = 0"))

    async def tidy(self) -> None:
        """Copy the write-ahead log back into the file if it has grown, in a thread of its own:
        whoever writes or reads goes on meanwhile, and hardly a commit waits for the disk."""
        if not self._closed and await asyncio.to_thread(self._log.size) >= TIDY_FROM:
            await self._log.copy_back()

    async def close(self) -> None:
        """Close all connections; the last one folds the write-ahead log into the file."""
        self._closed = True
        await self._tasks.finished()
        await self._log.close()
        await self._reader.dispose()
        await self._writer.dispose()

    def _connected(self, connection: Any, _record: Any) -> None:
        self._steady = connection.driver_connection

    async def _work_off(self) -> None:
        try:
            while self._waiting:
                await self._commit_waiting()
        finally:
            self._working = False

    async def _commit_waiting(self) -> None:
        done: list[Job[Any]] = []
        failure: BaseException | None = None
        try:
            async with self._writing():
                assert self._steady is not None, "open() has made it"
                failure = await self._steady.run(work_off, self._waiting, done)
        except BaseException as error:
            failure = error
            if not done:  # the writer cannot be had: that concerns all who wait for it
                done += self._waiting
                self._waiting.clear()
            if not isinstance(error, Exception):
                raise
        finally:
            for job in done:
                job.settle(failure)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """The writer's turn, in the order of asking."""
        try:
            async with asyncio.timeout(QUEUE_TIMEOUT):
                await self._turn.acquire()
        except TimeoutError as error:
            raise PoolTimeout from error
        began = time.perf_counter()
        try:
            yield
        finally:
            self.commits.note(time.perf_counter() - began)
            self._turn.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        if self._closed:
            raise Busy("the hub is shutting down")
        try:
            yield
        except PoolTimeout as error:
            raise Busy(f"{self.path.name} was not free within {QUEUE_TIMEOUT:g} s") from error
        except DBAPIError as error:
            known = explain(self.path, error.orig)
            if known is None:
                raise
            raise known from error
        except sqlite3.Error as error:
            known = explain(self.path, error)
            if known is None:
                raise
            raise known from error


def _writer(path: Path, durability: Durability) -> AsyncEngine:
    setup = [
        "PRAGMA journal_mode = WAL",
        "PRAGMA secure_delete = FAST",
        f"PRAGMA synchronous = {durability}",
        f"PRAGMA journal_size_limit = {_WAL_KEPT}",
        f"PRAGMA wal_autocheckpoint = {4 * MOST_PAGES}",
    ]
    return _engine(path, size=1, setup=setup, begin="BEGIN IMMEDIATE")


def _reader(path: Path, size: int) -> AsyncEngine:
    setup = ["PRAGMA query_only = ON", f"PRAGMA cache_size = -{_READER_CACHE}"]
    return _engine(path, size=size, setup=setup, begin="BEGIN")


def _engine(path: Path, *, size: int, setup: list[str], begin: str) -> AsyncEngine:
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=str(path)),
        # None: the driver begins nothing by itself, what _begin says is all that begins.
        connect_args={
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT,
            "async_creator_fn": connect,
        },
        pool_size=size,
        max_overflow=0,
        pool_timeout=QUEUE_TIMEOUT,
        pool_reset_on_return=None,  # _reset does it, and only where there is something to undo
    )

    def _connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for statement in ("PRAGMA foreign_keys = ON", *setup):
            cursor.execute(statement)
        cursor.close()

    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine.sync_engine, "connect", _connected)
    event.listen(engine.sync_engine, "reset", _reset)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _reset(connection: Any, _record: Any, state: PoolResetState) -> None:
    """A connection comes back: what a failed commit left open is undone."""
    if not state.terminate_only and connection.driver_connection.in_transaction:
        connection.rollback()
