"""The hub's three files, open together."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Self

from sqlalchemy.exc import TimeoutError as PoolTimeout

from chatops.server.db.engine import Database, Durability

TIDY_EVERY: Final = 1.0
_log = logging.getLogger(__name__)


class Databases:
    """The hub's three files: one writer each, so that no kind of data delays another."""

    def __init__(self, chatops: Database, metrics: Database, logs: Database) -> None:
        self.chatops = chatops
        self.metrics = metrics
        self.logs = logs

    def __iter__(self) -> Iterator[Database]:
        return iter((self.chatops, self.metrics, self.logs))

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

    async def keep_tidy(self) -> None:
        """Keep the write-ahead logs short, for as long as the hub runs."""
        while True:
            await asyncio.sleep(TIDY_EVERY)
            for database in self:
                try:
                    await database.tidy()
                except (sqlite3.Error, PoolTimeout) as error:  # again, a second later
                    _log.warning("%s cannot be tidied: %s", database.path.name, error)

    async def close(self) -> None:
        """Close all three."""
        for database in (self.logs, self.metrics, self.chatops):
            await database.close()


FILES: Final = ("chatops.db", "metrics.db", "logs.db")
"""The files' names, in the order of the arguments of ``Databases``."""
