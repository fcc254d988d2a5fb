"""The history as a replay reads it: in slices, each judged where it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chatops.clock import Clock
from chatops.protocol.metric_names import Metric
from chatops.protocol.metrics import Sample
from chatops.server.crud import metric_history as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.history import Point, read_history
from chatops.server.services.metrics.open_rows import OpenRows
from chatops.server.services.metrics.span import HistoryQuery, Kept, Plan, plan


class Past:
    """Reads ``metrics.db``."""

    def __init__(
        self, database: Database, open_rows: OpenRows, kept: Callable[[], Kept], clock: Clock
    ) -> None:
        self._database = database
        self._open = open_rows
        self._kept = kept
        self._clock = clock

    def plan(self, query: HistoryQuery) -> Plan:
        """How a span is read."""
        return plan(query, self._kept(), self._clock.now())

    async def each_slice(
        self,
        server_id: str,
        names: Sequence[str],
        how: Plan,
        limit: int,
        take: Callable[[Sequence[Point]], None],
    ) -> float | None:
        """Give the first ``limit`` rows, or few more, of a span to ``take``, in a reader's thread;
        where the others begin, None if there are none."""
        ids = self._open.of(server_id)  # before the snapshot: see history.py

        def read(tx: Transaction) -> float | None:
            found = read_history(tx, server_id, names, how, ids=ids, limit=limit)
            take(found.points)
            return found.next

        return await self._database.look(read)

    async def instances(self, server_id: str, metric: Metric, newest: Sample | None) -> list[str]:
        """The full names of a metric's instances that a server has values of: in the history, or in
        its ``newest`` sample."""
        start = f"{metric.name}:"
        stored = await self._database.look(lambda tx: crud.series(tx, server_id))
        names = {one.name for one in stored if one.name.startswith(start)}
        now = metric.instances(newest) if newest is not None else {}
        return sorted({*names, *(f"{start}{one}" for one in now)})
