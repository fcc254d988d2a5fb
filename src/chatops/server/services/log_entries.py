"""LogService: the stream of log entries of each server, kept and passed on: those of the hub, and
through ``shipping`` those of agents."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from typing import Final

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.protocol.limits import MAX_LABEL, MAX_LOG_LINE
from chatops.protocol.rest import LogEntry
from chatops.server.crud import log_entries as crud
from chatops.server.db.engine import Database
from chatops.server.services.log_shipping import LINGER, LogShipping
from chatops.server.services.log_upkeep import LogUpkeep
from chatops.server.services.ws_manager import WSManager
from chatops.server.settings import HubSettings
from chatops.units import format_time

QUEUE: Final = 10_000
BATCH: Final = 1000
_log = logging.getLogger(__name__)


class LogService:
    """The one writer of ``logs.db``. When its queue is full the oldest entries go, and the loss
    is logged: entries of the hub itself are news, not records (those are events and audit). What
    agents ship waits apart, and is never lost here."""

    def __init__(
        self,
        database: Database,
        subscribers: WSManager,
        settings: Callable[[], HubSettings],
        clock: Clock,
    ) -> None:
        self._database = database
        self._subscribers = subscribers
        self._clock = clock
        self._queue: deque[crud.NewLogEntry] = deque(maxlen=QUEUE)
        self._arrived = asyncio.Event()
        self._lost = 0
        self.shipping = LogShipping(database, clock, subscribers.broadcast_logs)
        self.upkeep = LogUpkeep(database, settings, clock)
        self.stored = self.dropped = 0
        """The hub's entries so far: committed, and left out because they came too fast."""

    def __len__(self) -> int:
        return len(self._queue)

    def note(self, server_id: str | None, level: str, source: str, message: str) -> None:
        """Add an entry of the hub's own (a connection, an alert)."""
        if len(self._queue) == QUEUE:
            self._lost += 1
            self.dropped += 1
        now = self._clock.now()
        row: crud.NewLogEntry = {
            "server_id": server_id,
            "ts": now,
            "received_at": now,
            "level": level if level in crud.LEVELS else "info",
            "source": source[:MAX_LABEL],
            "message": message[:MAX_LOG_LINE],
        }
        self._queue.append(row)
        self._arrived.set()

    async def run(self) -> None:
        """Store what waits and remove what is too old, for as long as the hub runs."""
        await asyncio.gather(self.shipping.run(), self._run(), self.upkeep.run())

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            try:
                await self.flush()
                await asyncio.sleep(LINGER)
            except ChatOpsError as error:
                _log.error("log entries cannot be stored: %s", error.message)
                await asyncio.sleep(1.0)
                self._arrived.set()

    async def flush(self) -> None:
        """Store and pass on all that waits now."""
        self._arrived.clear()
        if self._lost:
            _log.warning("%d log entries came too fast to be stored", self._lost)
            self._lost = 0
        while self._queue:
            batch = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
            try:
                await self._database.transact(lambda tx, rows=batch: crud.insert_many(tx, rows))  # type: ignore[misc]
            except ChatOpsError:
                room = QUEUE - len(self._queue)
                self._queue.extendleft(reversed(batch[-room:] if room else []))
                raise
            self.stored += len(batch)
            for row in batch:
                if row["server_id"] is not None:
                    self._subscribers.broadcast_logs(row["server_id"], [row])

    async def drain(self) -> None:
        """Store what waits when the hub stops."""
        with contextlib.suppress(ChatOpsError):
            await self.flush()
        await self.shipping.drain()

    async def purge_server(self, server_id: str, limit: int) -> int:
        """Delete at most ``limit`` entries of a removed server; fewer when it was all."""
        self.shipping.forget(server_id)
        return await self.upkeep.of_server(server_id, limit)

    async def recent(self, server_id: str, name: str, limit: int) -> list[LogEntry]:
        """The newest entries of a server, oldest first."""
        rows = await self._database.look(lambda tx: crud.tail(tx, server_id, limit=limit))
        return [
            LogEntry(
                server=name, ts=format_time(row.ts), level=row.level, source=row.source,
                message=row.message,
            )
            for row in rows
        ]  # fmt: skip
