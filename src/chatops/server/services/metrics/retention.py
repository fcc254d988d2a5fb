"""Taking away what is too old, or whose server is gone: a few rows a transaction."""

from __future__ import annotations

from collections.abc import Callable
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

EPOCHS: Final = 90 * 86_400.0
"""Seconds after which an epoch is forgotten: no agent keeps samples for as long."""
_Step = Callable[[Transaction], int]


class Retention:
    """Deletes in steps of at most ``limit`` rows; each method answers how many it were, and has
    done its work when it were fewer."""

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
        met = await self._database.transact(lambda tx: crud.of_server(tx, server_id, limit))
        return limit if self._open.of(server_id) else met  # some were just being written

    def _steps(self, kept: Kept, now: float, limit: int) -> list[_Step]:
        raw, oldest = milliseconds(now - kept.raw), now - max(kept.levels)
        steps: list[_Step] = [lambda tx: crud.chunks_before(tx, raw, limit)]
        for level, seconds in zip(LEVELS, kept.levels, strict=True):
            start = int(now - seconds) - level.span
            steps.append(lambda tx, b=start, s=level.step: crud.level_before(tx, s, b, limit))  # type: ignore[misc]
        steps.append(lambda tx: crud.gaps_before(tx, oldest, limit))
        steps.append(lambda tx: crud.series_before(tx, oldest, limit))
        return steps

    async def _epochs(self, before: float, limit: int) -> int:
        gone = await self._database.transact(lambda tx: crud.epochs_before(tx, before, limit))
        for one in gone:
            self._known.forget_epoch(*one)
        return len(gone)
