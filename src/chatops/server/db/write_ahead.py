"""The write-ahead log of a file, copied back by a connection of its own.

A writer that does it itself, as SQLite's automatic checkpoints are, has the disk to wait for with
the next transaction behind it: 50 ms of work were measured, and 270 ms by the clock. The log begins
anew only where all of it is copied back, which a writer that never rests would put off for ever; so
at last little is left, and the writer waits for that alone.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Final

from chatops.server.db.driver import SteadyConnection, connect

MOST_PAGES: Final = 16_384
"""Pages in the log from which the writer waits for what could not be copied back beside it, and at
twice as many for readers too; at four times as many, if all of this fails, it does the work."""
TIDY_FROM: Final = 4 * 1024 * 1024
"""Bytes from which a log is copied back."""
_PATIENCE: Final = 0.1
"""Seconds that the writer may have to wait for readers, when the log has grown far too long."""
_FILES: Final = Path("/proc/self/fd")
"""What this process has open, where the system says it."""

Turn = Callable[[], AbstractAsyncContextManager[None]]


class WriteAhead:
    """The log of the file at ``path``. ``turn`` keeps this process' writer out for a while."""

    def __init__(self, path: Path, turn: Turn) -> None:
        self._database = path
        self._path = path.with_name(f"{path.name}-wal")
        self._turn = turn
        self._connection: SteadyConnection | None = None

    def size(self) -> int:
        """Bytes it takes on the disk; asks the disk."""
        return size_of(self._path)

    async def copy_back(self) -> None:
        """Copy back what is in it, as far as readers let us.

        Raises:
            sqlite3.Error: the file cannot be opened or written.
        """
        connection = await self._open()
        pages, rested = await self._copy_beside(connection)
        if pages > 2 * MOST_PAGES or (pages > MOST_PAGES and not rested):
            await connection.run(_sync, self._database)
            async with self._turn():
                await connection.run(finish)

    async def _copy_beside(self, connection: SteadyConnection) -> tuple[int, bool]:
        """Copy while others write, for as long as it becomes less each time; the pages in the log,
        and whether nothing was added at last."""
        pages = await connection.run(copy)
        added = pages
        while True:
            before, pages = pages, await connection.run(copy)
            most, added = added / 2, pages - before
            if added <= 0 or added > most:
                return pages, added <= 0

    async def _open(self) -> SteadyConnection:
        if self._connection is None:
            opened = connect(str(self._database), isolation_level=None, timeout=_PATIENCE)
            await opened
            self._connection = opened  # only now: one that could not open is of no use
        return self._connection

    async def close(self) -> None:
        """Close its connection."""
        if self._connection is not None:
            await self._connection.close()


def size_of(path: Path) -> int:
    """Bytes of a file."""
    try:
        return path.stat().st_size
    except OSError:  # there is none, or the disk has failed, which who writes will say
        return 0


def copy(connection: sqlite3.Connection) -> int:
    """Copy back what readers do not need; the pages in the log when it began."""
    _, pages, _ = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    return int(pages)


def _sync(_connection: sqlite3.Connection, path: Path) -> None:
    """Have the disk take what was copied: SQLite leaves that to the pass that copies the rest, for
    which the writer waits. By its own descriptor: POSIX takes a process' locks on a file away when
    it closes any other one."""
    wanted = path.stat()
    for listed in _FILES.iterdir() if _FILES.exists() else ():
        with suppress(OSError):  # it was closed meanwhile
            number = int(listed.name)
            if os.path.samestat(os.fstat(number), wanted):
                os.fsync(number)
                return


def finish(connection: sqlite3.Connection) -> None:
    """Copy back what is left, while nobody writes. The log begins anew only when nobody reads in
    it: readers that overlap would let it grow for ever, so for once the writer waits for them."""
    if copy(connection) > 2 * MOST_PAGES:
        connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
