"""Ingest: samples from agents to disk; then acked, kept as the latest, and passed on.

What waits is committed together. The queue is bounded, altogether and for each agent; a sample
that finds no room is left out without an ack: its agent still has it, and sends it again. Live
samples go before those of an outage, of which no more than LATE_RATE a second are taken, so that
a fleet that comes back leaves room for all else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.protocol.limits import MAX_UNACKED
from chatops.protocol.messages import Metrics, MetricsAck, MetricsGap
from chatops.protocol.metrics import Sample
from chatops.server.crud import metric_store as store
from chatops.server.crud import metrics as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.metrics.bounds import text_of
from chatops.server.services.metrics.counts import IngestCounts
from chatops.server.services.metrics.latest import Latest, LatestSamples
from chatops.server.services.metrics.open_rows import Known, OpenRows
from chatops.server.services.metrics.times import LATE, taken
from chatops.text import counted

QUEUE: Final = 10_000
"""Live samples that may wait for the writer, of all agents together."""
LATE_QUEUE: Final = QUEUE
"""The same of outages: two seconds' worth. What waits here lies between things that stay, so that
not all of its memory comes back."""
LEAST_WINDOW: Final = 2
"""Samples that an agent may have under way, however large the fleet."""
BATCH: Final = 1000
"""Samples a transaction: more would hold the writer for longer than 20 ms."""
GAPS: Final = 64
"""Gaps that come with them."""
LINGER: Final = 0.15
"""Seconds between two commits: what comes meanwhile shares the next one. A commit costs as much
as ten samples do."""
LATE_RATE: Final = 5000
"""Samples of outages that are taken in a second, of all agents together."""
RETRY_AFTER: Final = 1.0
_MOST: Final = 2**63 - 1
"""What the database can count."""
_Name = tuple[str, int]
"""Epoch and number of a sample."""
_GapName = tuple[str, str, int]
"""Server, epoch and first number of a gap: one that has grown is the same."""
_log = logging.getLogger(__name__)


class _Sample(NamedTuple):
    """A sample that waits. ``late``: it is of an outage, and no news. ``data`` is what it holds if
    that matters to somebody: of the others thousands may wait, and as objects they take six times
    as much memory as their text in ``row``."""

    row: crud.NewSample
    latest: Latest
    late: bool
    data: Sample | None


class _Gap(NamedTuple):
    session: AgentSession
    row: store.NewGap


Matters = Callable[[str, Sample, float | None], bool]
Publish = Callable[[AgentSession, crud.NewSample, Sample | None], None]
Lost = Callable[[AgentSession, store.NewGap], None]


class Ingest:
    """The way of every sample from an agent's session to the open rows.

    ``matters`` is asked of each sample when it comes whether anybody is to see what it holds
    (server, sample, skew). ``publish`` gets each committed one that is news, the sample if it
    matters, ``lost`` each gap that an agent tells, ``enough`` each server that has enough open
    samples to be closed. ``oldest`` says since when samples are kept.
    """

    def __init__(
        self,
        database: Database,
        open_rows: OpenRows,
        known: Known,
        latest: LatestSamples,
        clock: Clock,
        *,
        oldest: Callable[[], float],
        matters: Matters,
        publish: Publish,
        lost: Lost,
        enough: Callable[[str], None],
    ) -> None:
        self._database = database
        self._open = open_rows
        self._known = known
        self._latest = latest
        self._clock = clock
        self._oldest = oldest
        self._matters = matters
        self._publish = publish
        self._lost = lost
        self._enough = enough
        self._live: deque[_Sample] = deque()
        self._late: deque[_Sample] = deque()
        self._gaps: dict[_GapName, _Gap] = {}
        self._waiting: dict[str, dict[_Name, AgentSession]] = defaultdict(dict)
        self._pace = RateLimiter(rate=LATE_RATE, burst=BATCH)
        self._left_out = 0
        self._too_old = 0
        self.counts = IngestCounts()
        self._arrived = asyncio.Event()

    def __len__(self) -> int:
        return len(self._live) + len(self._late)

    @property
    def queues(self) -> dict[str, int]:
        """Samples that wait for the writer."""
        return {"live": len(self._live), "late": len(self._late)}

    @property
    def unacked(self) -> int:
        """Samples that were taken and are not acked yet; may be asked in any thread."""
        return sum(map(len, list(self._waiting.values())))

    def submit(self, session: AgentSession, message: Metrics, frame: str | None = None) -> bool:
        """Take a sample of a session's server, with the frame in which it came; False when it
        cannot wait here.

        One that is stored already, or is older than what is kept, is acked and left out.
        """
        server_id, name = session.server_id, (message.epoch, message.seq)
        if self._known.has(server_id, *name):
            self.counts.duplicate += 1
            return session.post(MetricsAck(epoch=message.epoch, seq=message.seq))
        waiting = self._waiting[server_id]
        if name in waiting:
            waiting[name] = session  # the agent came back meanwhile: it waits for the ack there
            return True
        now = self._clock.now()
        delay = session.transit.delay(message.sent, self._clock.boottime())
        at = taken(message.ts, message.age, now, delay)
        late = at.ts < now - LATE
        queue, most = (self._late, LATE_QUEUE) if late else (self._live, QUEUE)
        if len(queue) >= most or len(waiting) >= MAX_UNACKED:
            self._left_out += 1
            self.counts.no_room += 1
            return False
        if late and at.ts < self._oldest():
            self._too_old += 1
            self.counts.too_old += 1
            return session.post(MetricsAck(epoch=message.epoch, seq=message.seq))
        row = crud.NewSample(
            server_id=server_id, epoch=message.epoch, seq=message.seq, ts=at.ts, received_at=now,
            skew=at.skew, sample=text_of(message.data, at.ts, frame),
        )  # fmt: skip
        waiting[name] = session
        matters = not late and self._matters(server_id, message.data, at.skew)
        data = message.data if matters else None
        queue.append(_Sample(row, Latest.of(at.ts, 0, message.data), late, data))
        self._arrived.set()
        return True

    def gap(self, session: AgentSession, message: MetricsGap) -> None:
        """An agent says what it lost. A gap that waits already is the same, told before the agent
        came back; without room it is left out, and comes again."""
        delay = session.transit.delay(message.sent, self._clock.boottime())
        until = taken(message.until, message.age, self._clock.now(), delay).ts
        span = max(0.0, message.until - message.since)
        row = store.NewGap(
            server_id=session.server_id, epoch=message.epoch, first_seq=message.first,
            last_seq=max(message.first, message.last), since=until - min(span, until),
            until=until, samples=0, reason=message.reason,
        )  # fmt: skip
        name = (row["server_id"], row["epoch"], row["first_seq"])
        if name in self._gaps or len(self._gaps) < QUEUE:
            self._gaps[name] = _Gap(session, row)
            self._arrived.set()

    def forget(self, server_id: str) -> None:
        """The server is gone: what of it waits goes, too."""
        for queue in (self._live, self._late):
            kept = [one for one in queue if one.row.server_id != server_id]
            queue.clear()
            queue.extend(kept)
        self._gaps = {name: gap for name, gap in self._gaps.items() if name[0] != server_id}
        self._waiting.pop(server_id, None)

    async def run(self) -> None:
        """Commit what waits, for as long as the hub runs."""
        while True:
            await self._arrived.wait()
            await self.flush()
            await asyncio.sleep(LINGER)

    async def flush(self) -> None:
        """Commit all that waits now, as fast as it may be."""
        self._arrived.clear()
        while await self._commit_some():
            if not self._live:
                await asyncio.sleep(LINGER)

    async def drain(self) -> None:
        """Commit what waits when the hub stops. What cannot be stored now its agent still has."""
        with contextlib.suppress(ChatOpsError):
            while batch := self._take(BATCH):
                await self._store(batch, [])

    async def _commit_some(self) -> bool:
        """Commit a batch; whether more waits. A failed one is tried again until it succeeds."""
        batch = self._take(self._allowance())
        gaps = {name: self._gaps.pop(name) for name in list(islice(self._gaps, GAPS))}
        try:
            if batch or gaps:
                await self._store(batch, list(gaps.values()))
        except ChatOpsError as error:
            self._put_back(batch, gaps)
            _log.error("samples cannot be stored: %s", error.message)
            await asyncio.sleep(RETRY_AFTER)
        self._complain()
        return bool(self._live or self._late or self._gaps)

    def _allowance(self) -> int:
        """How many samples of outages may be taken now."""
        now, count = self._clock.monotonic(), 0
        while count < min(len(self._late), BATCH) and not self._pace.take("", now):
            count += 1
        return count

    def _take(self, late: int) -> list[_Sample]:
        batch = [self._live.popleft() for _ in range(min(BATCH, len(self._live)))]
        return batch + [self._late.popleft() for _ in range(min(late, len(self._late)))]

    def _put_back(self, batch: Sequence[_Sample], gaps: dict[_GapName, _Gap]) -> None:
        waiting = [one for one in reversed(batch) if one.row.server_id in self._waiting]
        self._live.extendleft(one for one in waiting if not one.late)
        self._late.extendleft(one for one in waiting if one.late)
        self._gaps = gaps | self._gaps

    async def _store(self, batch: Sequence[_Sample], gaps: Sequence[_Gap]) -> None:
        rows = [one.row for one in batch]
        lost = [gap for gap in gaps if self._count(gap.row)]

        def write(tx: Transaction) -> list[int]:
            store.add_gaps(tx, [gap.row for gap in lost])
            return crud.insert_many(tx, rows) if rows else []

        ids = await self._database.transact(write)
        acks: dict[AgentSession, list[MetricsAck]] = defaultdict(list)
        for one, row_id in zip(batch, ids, strict=True):
            if (session := self._stored(one, row_id)) is not None:
                acks[session].append(MetricsAck(epoch=one.row.epoch, seq=one.row.seq))
        for session, own in acks.items():
            session.post_all(own)
        for gap in gaps:
            self._noted(gap, gap in lost)

    def _noted(self, gap: _Gap, new: bool) -> None:  # noqa: FBT001
        """A gap is committed, or was nothing new."""
        row = gap.row
        self._known.of(row["server_id"], row["epoch"]).add(row["first_seq"], row["last_seq"])
        if new:
            self.counts.lost += row["samples"]
            self._lost(gap.session, row)
        gap.session.post(MetricsAck(epoch=row["epoch"], seq=row["last_seq"]))

    def _count(self, row: store.NewGap) -> int:
        """How many samples of a gap are really missing here: acks can be lost, too, and what
        waits is not lost."""
        epoch, first, last = row["epoch"], row["first_seq"], row["last_seq"]
        known = self._known.of(row["server_id"], epoch)
        waiting = sum(
            own == epoch and first <= seq <= last and seq not in known
            for own, seq in self._waiting.get(row["server_id"], ())
        )
        row["samples"] = min(known.missing(first, last) - waiting, _MOST)
        return row["samples"]

    def _stored(self, one: _Sample, row_id: int) -> AgentSession | None:
        """A sample is committed: the one place where everybody hears of it. Who waits for its ack,
        unless the server was removed while it was written."""
        row, server_id = one.row, one.row.server_id
        self._known.of(server_id, row.epoch).add(row.seq)
        if one.late:
            self.counts.late += 1
        else:
            self.counts.live += 1
        if self._open.add(server_id, row_id, row.received_at):
            self._enough(server_id)
        session = self._waiting[server_id].pop((row.epoch, row.seq), None)
        if not self._waiting[server_id]:
            del self._waiting[server_id]
        if session is None:
            return None
        one.latest.row_id = row_id
        if self._latest.put(server_id, one.latest) and not one.late:
            self._publish(session, row, one.data)
        return session

    def _complain(self) -> None:
        if self._left_out:
            _log.warning("no room for %s, to be sent again", counted(self._left_out, "sample"))
            self._left_out = 0
        if self._too_old:
            _log.warning(
                "left out %s, older than any history that is kept", counted(self._too_old, "sample")
            )
            self._too_old = 0
