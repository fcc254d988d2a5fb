"""The databases: one SQLite file each, with one writer and several readers.

SQLite takes one writer at a time. So a file has one connection that writes; its users
queue for it in order, and its transactions begin with BEGIN IMMEDIATE: what was read in
one is still true when it commits. Readers have connections of their own, each transaction
sees one snapshot, and neither waits for the other (WAL). The connections live in threads
of aiosqlite, never in the event loop's.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, Literal, Self

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.pool import PoolResetState

from chatops.errors import Busy, ChatOpsError, Conflict, SetupError
from chatops.server.db.driver import connect

Durability = Literal["normal", "full"]

BUSY_TIMEOUT: Final = 5.0
"""Seconds to wait for another process that has the file locked."""
QUEUE_TIMEOUT: Final = 30.0
"""Seconds to wait for the writer, or a free reader, of this process."""
_WAL_KEPT: Final = 64 * 1024 * 1024


class Database:
    """One SQLite file. Sessions do not expire what they loaded when they end."""

    def __init__(self, path: Path, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.path = path
        self._writer = writer
        self._reader = reader
        self._closed = False

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
            sessions = AsyncSession(self._writer, expire_on_commit=False)
            async with sessions as session, session.begin():
                await session.connection()  # takes the lock now, not at the first statement
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A reader: one snapshot of what is committed, for as long as it lasts.

        Raises:
            Busy: no reader was free in time, or the disk failed.
        """
        with self._explained():
            async with AsyncSession(self._reader, expire_on_commit=False) as session:
                yield session

    async def close(self) -> None:
        """Close all connections; the last one folds the write-ahead log into the file."""
        self._closed = True
        await self._reader.dispose()
        await self._writer.dispose()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        if self._closed:
            raise Busy("the hub is shutting down")
        try:
            yield
        except PoolTimeout as error:
            raise Busy(f"{self.path.name} was not free within {QUEUE_TIMEOUT:g} s") from error
        except DBAPIError as error:
            known = _explain(self.path, error.orig)
            if known is None:
                raise
            raise known from error


class Databases:
    """The hub's three files: one writer each, so that no kind of data delays another."""

    def __init__(self, chatops: Database, metrics: Database, logs: Database) -> None:
        self.chatops = chatops
        self.metrics = metrics
        self.logs = logs

    @classmethod
    async def open(cls, data_dir: Path, durability: Durability = "normal") -> Self:
        """``chatops.db``, ``metrics.db`` and ``logs.db`` in ``data_dir``, already migrated.

        Raises:
            SetupError: one of them cannot be used.
        """
        opened: list[Database] = []
        try:
            for name in FILES:
                opened.append(await Database.open(data_dir / name, durability=durability))
        except BaseException:
            for database in opened:
                await database.close()
            raise
        return cls(*opened)

    async def close(self) -> None:
        """Close all three."""
        for database in (self.logs, self.metrics, self.chatops):
            await database.close()


FILES: Final = ("chatops.db", "metrics.db", "logs.db")
"""The files' names, in the order of the arguments of ``Databases``."""


def make_private(path: Path) -> None:
    """Make ``path`` an empty file of mode 0600 if it is not there; else make it private.

    SQLite gives the files beside it (-wal, -shm) the same mode.

    Raises:
        SetupError: it cannot be made or opened.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
    except OSError as error:
        raise SetupError(
            f"the database {path} cannot be opened: {error.strerror}",
            hint="check the owner and permissions of the data folder, and that the disk has room",
        ) from error


def _writer(path: Path, durability: Durability) -> AsyncEngine:
    setup = [
        "PRAGMA journal_mode = WAL",
        f"PRAGMA synchronous = {durability}",
        f"PRAGMA journal_size_limit = {_WAL_KEPT}",
    ]
    return _engine(path, size=1, setup=setup, begin="BEGIN IMMEDIATE")


def _reader(path: Path, size: int) -> AsyncEngine:
    return _engine(path, size=size, setup=["PRAGMA query_only = ON"], begin="BEGIN")


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


def _explain(path: Path, error: BaseException | None) -> ChatOpsError | None:
    """What a failure of SQLite's means for the user; None for a fault of ours."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0)
    match code:
        case sqlite3.SQLITE_CONSTRAINT_UNIQUE | sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
            return Conflict("something of that name or id is already there")
        case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return Conflict("what this belongs to was removed meanwhile")
    match code & 0xFF:  # the high bits tell sub-cases apart
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"another process has {path.name} locked")
        case sqlite3.SQLITE_FULL:
            return Busy(
                f"the disk is full: nothing more can be written to {path.name}",
                hint=f"make room on the file system of {path.parent}; nothing stored is lost",
            )
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
            return Busy(
                f"the disk failed while {path.name} was used: {error}",
                hint=f"check the file system of {path.parent} and the kernel's log",
            )
    return None
