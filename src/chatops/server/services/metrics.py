"""MetricsService: samples from agents to disk, to subscribers, and back as history.

Ingest: a sample waits in one bounded queue; what waits is committed together, and only
then acked, kept as the latest, and passed on. When the queue is full, or holds as many of one
server as an agent may have under way, a sample is left out without an ack: the agent still
has it, and sends it again. A time that lies ahead of the hub's becomes the time of arrival.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter, deque
from typing import Final, NamedTuple

import msgspec

from chatops.clock import Clock
from chatops.errors import ChatOpsError, NoSample
from chatops.protocol import rest
from chatops.protocol.limits import MAX_UNACKED
from chatops.protocol.messages import Metrics, MetricsAck
from chatops.protocol.metrics import Sample
from chatops.server.crud import metrics as crud
from chatops.server.db.engine import Database
from chatops.server.services.access import Principal
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.history import HistoryQuery, HistoryRows
from chatops.server.services.latest import LatestSamples
from chatops.server.services.sample_bounds import bounded
from chatops.server.services.servers import ServerService
from chatops.server.services.ws_manager import WSManager
from chatops.text import counted
from chatops.units import format_time

QUEUE: Final = 10_000
"""Samples that may wait for the writer, of all agents together."""
BATCH: Final = 100
"""Samples a transaction: more would hold the writer for longer than 20 ms."""
RETRY_AFTER: Final = 1.0
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Sample).decode
_log = logging.getLogger(__name__)


class _Waiting(NamedTuple):
    session: AgentSession
    message: Metrics
    received_at: float


class MetricsService:
    """The one writer of ``metrics.db``, and its readers."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        subscribers: WSManager,
        latest: LatestSamples,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._subscribers = subscribers
        self._latest = latest
        self._clock = clock
        self._queue: deque[_Waiting] = deque()
        self._uncommitted: Counter[str] = Counter()
        self._left_out = 0
        self._arrived = asyncio.Event()

    # -- ingest -------------------------------------------------------------------------

    def submit(self, session: AgentSession, message: Metrics) -> bool:
        """Take a sample of a session's server; False when it cannot wait here."""
        if len(self._queue) >= QUEUE or self._uncommitted[session.server_id] >= MAX_UNACKED:
            self._left_out += 1
            return False
        now = self._clock.now()
        message.data = bounded(message.data)
        message.ts = min(message.ts, now)  # else it would stay the latest until that time
        self._queue.append(_Waiting(session, message, now))
        self._uncommitted[session.server_id] += 1
        self._arrived.set()
        return True

    async def run(self) -> None:
        """Commit what waits, for as long as the hub runs."""
        while True:
            await self._arrived.wait()
            await self.flush()

    async def flush(self) -> None:
        """Commit all that waits now. A failed commit is tried again until it succeeds."""
        self._arrived.clear()
        while batch := self._take():
            try:
                await self._store(batch)
            except ChatOpsError as error:
                self._queue.extendleft(reversed(batch))
                _log.error("samples cannot be stored: %s", error.message)
                await asyncio.sleep(RETRY_AFTER)
            else:
                self._publish(batch)

    async def drain(self) -> None:
        """Commit what waits when the hub stops. What cannot be stored now its agent still has."""
        with contextlib.suppress(ChatOpsError):
            while batch := self._take():
                await self._store(batch)
                self._publish(batch)

    async def load_latest(self) -> None:
        """Read each server's newest sample back after a start."""
        async with self._database.read() as session:
            newest = await crud.latest_for_all(session)
        for server_id, (ts, sample) in newest.items():
            self._latest.put(server_id, ts, _decode(sample))

    def _take(self) -> list[_Waiting]:
        return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    async def _store(self, batch: list[_Waiting]) -> None:
        rows: list[crud.NewSample] = [
            {
                "server_id": one.session.server_id,
                "ts": one.message.ts,
                "epoch": one.message.epoch,
                "seq": one.message.seq,
                "received_at": one.received_at,
                "sample": _encode(one.message.data),
            }
            for one in batch
        ]
        async with self._database.write() as session:
            await crud.insert_many(session, rows)

    def _publish(self, batch: list[_Waiting]) -> None:
        self._uncommitted -= Counter(one.session.server_id for one in batch)
        if self._left_out:
            _log.warning("no room for %s, to be sent again", counted(self._left_out, "sample"))
            self._left_out = 0
        for session, message, _ in batch:
            session.post(MetricsAck(epoch=message.epoch, seq=message.seq))
            if self._latest.put(session.server_id, message.ts, message.data):
                shown = to_server_sample(session.server_name, message.ts, message.data)
                self._subscribers.broadcast_metrics(session.server_id, shown)

    # -- reading ------------------------------------------------------------------------

    def latest(self, server_id: str, name: str) -> rest.ServerSample:
        """The newest sample of a server.

        Raises:
            NoSample: it has not sent one.
        """
        taken = self._latest.get(server_id)
        if taken is None:
            raise NoSample(
                f"{name} has not sent metrics yet",
                hint="start `chatops agent` on it, or look at `chatops events`",
            )
        return to_server_sample(name, taken.ts, taken.data)

    async def show(self, principal: Principal, server: str) -> rest.ServerSample:
        """The newest sample, for a caller who may see the server.

        Raises:
            NotFound: the server is not there for this caller.
            NoSample: it has not sent one.
        """
        row = await self._servers.find(principal, server)
        return self.latest(row.id, row.name)

    async def history(
        self, principal: Principal, server: str, query: HistoryQuery
    ) -> rest.Page[rest.HistoryRow]:
        """Raw samples of a span, or their mean, min and max by steps; oldest first.

        Raises:
            NotFound: the server is not there for this caller.
        """
        row = await self._servers.find(principal, server)
        rows = HistoryRows(query)
        async with self._database.read() as session:
            walk = crud.history(session, row.id, since=query.since, until=query.until)
            async with contextlib.aclosing(walk) as chunks:
                async for chunk in chunks:
                    if not await asyncio.to_thread(rows.take, chunk):
                        break
        return rows.page()

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` raw samples older than ``before``; how many it were."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before, limit=limit)

    async def purge_server(self, server_id: str, limit: int) -> int:
        """Delete at most ``limit`` samples of a removed server; how many it were."""
        async with self._database.write() as session:
            return await crud.delete_for_server(session, server_id, limit=limit)


def to_server_sample(server: str, ts: float, data: Sample) -> rest.ServerSample:
    """A sample as the API shows it."""
    return rest.ServerSample(
        server=server,
        ts=format_time(ts),
        cpu=data.cpu,
        load=data.load,
        memory=data.memory,
        swap=data.swap,
        disks=data.disks,
        disk_io=data.disk_io,
        network=data.network,
        temperatures=data.temperatures,
        uptime_s=data.uptime_s,
        process_count=data.process_count,
        containers=[],
        missing=data.missing,
    )
