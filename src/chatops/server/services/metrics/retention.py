"""Taking away what is too old, or whose server is gone: a few rows a transaction."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Final

from chatops.server.crud import metric_retention as crud
from chatops.server.crud import metrics as open_crud
from chatops.server.db.engine import Database
from chatops.server.db.levels import LEVELS
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.closing import milliseconds
from chatops.server.services.metrics.latest import LatestSamples
from chatops.server.services.metrics.open_rows import Known, OpenRows
from chatops.server.services.metrics.span import Kept

HOLD: Final = 0.005
"""Seconds for which a step deletes: the commit included, nobody has the writer for 20 ms."""
BITE: Final = 10
"""Rows between two looks at the clock."""
EPOCHS: Final = 90 * 86_400.0
"""Seconds after which an epoch is forgotten: no agent keeps samples for as long."""
_Step = Callable[[Transaction], int]
_Delete = Callable[[Transaction, int], int]
"""Deletes at most so many rows; how many it were."""


class Retention:
    """Deletes in steps of at most ``limit`` rows and about HOLD seconds; each method answers
    ``limit`` if there may be more, and has done its work when it is less."""

    def __init__(
        self, database: Database, open_rows: OpenRows, known: Known, latest: LatestSamples
    ) -> None:
        self._database = database
        self._open = open_rows
        self._known = known
        self._latest = latest

    async def too_old(self, kept: Kept, now: float, limit: int) -> int:
        """One step of everything that is too old."""
        met = 0
        for step in self._steps(kept, now, limit):
            met = max(met, await self._database.transact(step))
        return max(met, await self._epochs(now - EPOCHS, limit))

    async def of_server(self, server_id: str, limit: int) -> int:
        """One step of everything that belongs to a server that was removed."""
        ids = self._open.of(server_id)[:limit]
        if ids:
            met = await self._database.transact(lambda tx: open_crud.delete_ids(tx, ids))
            self._open.closed(server_id, ids, 0.0)
            return max(met, limit)  # there may be more
        self._known.forget(server_id)
        self._latest.forget(server_id)
        step = _in_bites(lambda tx, some: crud.of_server(tx, server_id, some), limit)
        met = await self._database.transact(step)
        return limit if self._open.of(server_id) else met  # some were just being written

    def _steps(self, kept: Kept, now: float, limit: int) -> list[_Step]:
        raw, oldest = milliseconds(now - kept.raw), now - max(kept.levels)
        deletes: list[_Delete] = [lambda tx, some: crud.chunks_before(tx, raw, some)]
        for level, seconds in zip(LEVELS, kept.levels, strict=True):
            start = int(now - seconds) - level.span
            deletes.append(partial(_level_before, level.step, start))
        deletes.append(lambda tx, some: crud.gaps_before(tx, oldest, some))
        deletes.append(lambda tx, some: crud.series_before(tx, oldest, some))
        return [_in_bites(delete, limit) for delete in deletes]

    async def _epochs(self, before: float, limit: int) -> int:
        gone = await self._database.transact(lambda tx: crud.epochs_before(tx, before, limit))
        for one in gone:
            self._known.forget_epoch(*one)
        return len(gone)


def _level_before(step: int, start: int, tx: Transaction, limit: int) -> int:
    return crud.level_before(tx, step, start, limit)


def _in_bites(delete: _Delete, limit: int) -> _Step:
    """Deletes until nothing is left, ``limit`` rows are gone or the time is over. Rows differ: a
    chunk of a large host is a hundred pages, and the disk may be slow."""

    def step(tx: Transaction) -> int:
        until, met = time.monotonic() + HOLD, 0
        while met < limit:
            some = min(BITE, limit - met)
            found = delete(tx, some)
            met += found
            if found < some:
                return met
            if time.monotonic() >= until:
                return limit
        return limit

    return step
