"""MetricsService: samples from agents to disk, to subscribers, and back as history."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from chatops.clock import Clock
from chatops.errors import InvalidInput, NoSample
from chatops.protocol import rest
from chatops.protocol.limits import MAX_HISTORY_SERVERS, MAX_UNACKED
from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metric_names import parse_metric
from chatops.protocol.metrics import Sample
from chatops.protocol.target import Target
from chatops.server.crud import events as events_crud
from chatops.server.crud import metric_store as store
from chatops.server.crud import metrics as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.limiter import RateLimiter
from chatops.server.services.log_entries import LogService
from chatops.server.services.metrics.carried import FOR, carry
from chatops.server.services.metrics.clearing import Clearing
from chatops.server.services.metrics.closer import Closer
from chatops.server.services.metrics.history import History, read_history
from chatops.server.services.metrics.ingest import LATE_QUEUE, LEAST_WINDOW, Ingest
from chatops.server.services.metrics.latest import Latest, LatestSamples
from chatops.server.services.metrics.newest import Newest, decode, read_newest
from chatops.server.services.metrics.numbers import Numbers
from chatops.server.services.metrics.offline import OFFLINE, Turn, merged, offline_points
from chatops.server.services.metrics.open_rows import Known, OpenRows
from chatops.server.services.metrics.past import Past
from chatops.server.services.metrics.retention import Retention
from chatops.server.services.metrics.shown import histories_page, history_page, to_server_sample
from chatops.server.services.metrics.span import HistoryQuery, Kept, Plan, plan
from chatops.server.services.servers import ServerService
from chatops.server.services.targets import resolve
from chatops.server.services.ws_manager import WSManager
from chatops.server.settings import HubSettings
from chatops.text import counted, escape, shorten
from chatops.units import format_time

_SHARE: Final = 1000
"""Rows that are read of each of several servers at least: all of them are held at once."""
_log = logging.getLogger(__name__)


class MetricsService:
    """The one writer of ``metrics.db``, and its readers."""

    def __init__(
        self,
        database: Database,
        chatops: Database,
        servers: ServerService,
        subscribers: WSManager,
        logs: LogService,
        latest: LatestSamples,
        alerts: AlertService,
        settings: Callable[[], HubSettings],
        clock: Clock,
    ) -> None:
        self._database = database
        self._chatops = chatops
        self._servers = servers
        self._subscribers = subscribers
        self._logs = logs
        self._latest = latest
        self._alerts = alerts
        self._settings = settings
        self._clock = clock
        self._servers_before = 0
        """Servers that there were at the start: those of a new fleet all come with their first
        samples, and none of them is known here."""
        self._open = OpenRows()
        self._known = Known()
        self._refusals = RateLimiter(rate=1 / 3600, burst=1)
        self.closer = Closer(database, self._open, self._known, clock, self._refused)
        self.clearing = Clearing(database, self._open)
        self.retention = Retention(database, self._open, self._known, latest)
        self.past = Past(database, self._open, lambda: self.kept, clock)
        self.ingest = Ingest(
            database, self._open, self._known, latest, clock,
            oldest=self._oldest, matters=self._matters, publish=self._publish, lost=self._lost,
            enough=self.closer.ask,
        )  # fmt: skip

    @property
    def kept(self) -> Kept:
        """How long raw samples and levels are kept now."""
        now = self._settings()
        levels = (now.minutes_retention, now.ten_minutes_retention, now.hours_retention)
        return Kept(now.raw_retention, levels)

    # -- from agents ----------------------------------------------------------------------

    def submit(self, session: AgentSession, message: Metrics, frame: str | None = None) -> bool:
        """Take a sample of a session's server, with the frame in which it came; False when it
        cannot wait here."""
        return self.ingest.submit(session, message, frame)

    def gap(self, session: AgentSession, message: MetricsGap) -> None:
        """Take what an agent says that it lost."""
        self.ingest.gap(session, message)

    @property
    def window(self) -> int:
        """Samples that an agent may have under way: half of it for an outage, of which all agents
        together have as many as may wait here."""
        share = 2 * LATE_QUEUE // max(1, self._servers_before, len(self._latest))
        return min(MAX_UNACKED, max(LEAST_WINDOW, share))

    async def drain(self) -> None:
        """Commit what waits when the hub stops."""
        await self.ingest.drain()

    async def purge_server(self, server_id: str, limit: int) -> int:
        """Delete at most ``limit`` rows of a removed server; fewer when it was all."""
        self.ingest.forget(server_id)
        return await self.retention.of_server(server_id, limit)

    async def load(self) -> None:
        """Read back after a start what is remembered: open rows, numbers, latest samples. A server
        that was removed just before the hub died is removed from here, too."""
        due = await self._database.look(self._load)
        found = self._known.servers() | self._latest.servers()
        async with self._chatops.read() as session:
            there = await servers_crud.names(session)
        self._servers_before = len(there)
        self._servers.removed |= found - set(there)
        for server_id in due:
            self.closer.ask(server_id)

    def _load(self, tx: Transaction) -> list[str]:
        for server_id, epoch, numbers in store.all_epochs(tx):
            for first, last in Numbers.read(numbers).ranges():
                self._known.of(server_id, epoch).add(first, last)
        for server_id, epoch, first, last in store.all_gaps(tx):
            self._known.of(server_id, epoch).add(first, last)
        due, newest = dict[str, None](), dict[str, crud.Waiting]()
        self._open.begin(crud.last_id(tx))
        for one in crud.all_waiting(tx):
            self._known.of(one.server_id, one.epoch).add(one.seq)
            if self._open.add(one.server_id, one.id, one.received_at):
                due[one.server_id] = None
            if one.server_id not in newest or newest[one.server_id].ts <= one.ts:
                newest[one.server_id] = one
        self._load_latest(tx, list(newest.values()))
        return list(due)

    def _load_latest(self, tx: Transaction, newest: Sequence[crud.Waiting]) -> None:
        for row in store.all_latest(tx):
            self._latest.put(row["server_id"], Latest.of(row["ts"], 0, decode(row["sample"])))
        server_of = {one.id: one.server_id for one in newest}
        for one in crud.by_ids(tx, list(server_of)):
            self._latest.put(server_of[one.id], Latest.of(one.ts, one.id, decode(one.sample)))

    # -- what ingest tells ----------------------------------------------------------------

    def _oldest(self) -> float:
        return self._clock.now() - max(self.kept.levels)

    def _matters(self, server_id: str, sample: Sample, skew: float | None) -> bool:
        """Whether somebody is to see a sample that has just come, once it is committed."""
        return self._alerts.sees(server_id, sample, skew) or self._is_watched(server_id)

    def _is_watched(self, server_id: str) -> bool:
        return self._alerts.waits_for(server_id) or self._subscribers.has_watchers(server_id)

    def _publish(self, session: AgentSession, row: crud.NewSample, sample: Sample | None) -> None:
        if sample is None and self._is_watched(row.server_id):
            sample = decode(row.sample)  # since it came
        if sample is None:
            self._alerts.heard(row.server_id, row.ts)
            return
        self._alerts.check_metrics_against_thresholds(
            row.server_id, sample, ts=row.ts, skew=row.skew
        )
        if self._subscribers.has_watchers(row.server_id):
            name = session.server_name
            shown = to_server_sample(name, row.ts, row.skew, sample)
            self._subscribers.broadcast_metrics(row.server_id, shown)
            self._subscribers.fleets.broadcast(row.server_id, name, row.ts, sample)

    def _lost(self, session: AgentSession, gap: store.NewGap) -> None:
        text = (
            f"{counted(gap['samples'], 'sample')} from {format_time(gap['since'])} to"
            f" {format_time(gap['until'])} lost: the agent's spool was"
            f" {shorten(escape(gap['reason']), 40)}"
        )
        self._logs.note(session.server_id, "warning", "hub", text)

    def _refused(self, server_id: str, names: Sequence[str]) -> None:
        if self._refusals.take(server_id, self._clock.monotonic()):
            return
        first = shorten(escape(", ".join(names[:3])), 200)
        text = (
            f"the history of this server has no room for {counted(len(names), 'more metric name')}"
            f" ({first}{' …' if len(names) > 3 else ''}); the others go on"
        )
        self._logs.note(server_id, "warning", "hub", text)
        _log.warning("metric names refused: %s", text, extra={"server_id": server_id})

    # -- reading ------------------------------------------------------------------------

    def newest_at(self, server_id: str) -> float | None:
        """When the newest sample of a server was taken, if there is any."""
        latest = self._latest.get(server_id)
        return latest.ts if latest else None

    async def latest(self, server_id: str, name: str) -> rest.ServerSample:
        """The newest sample of a server.

        Raises:
            NoSample: it has not sent one.
        """
        known, full = self._latest.get(server_id), self._latest.get_full(server_id)
        ids = [one.row_id if one else 0 for one in (known, full)]
        found = await self._database.look(lambda tx: _newest(tx, server_id, *ids))
        if found is None:
            raise NoSample(
                f"{name} has not sent metrics yet",
                hint="start `chatops agent` on it, or look at `chatops events`",
            )
        ts, skew, sample = found
        return to_server_sample(name, ts, skew, sample)

    async def newest(self, server_ids: Sequence[str]) -> dict[str, Newest]:
        """The newest sample of each of some servers that has one, in one look at the file, without
        what comes only now and then."""
        latest = {server_id: self._latest.get(server_id) for server_id in server_ids}
        rows = {server_id: one.row_id if one else 0 for server_id, one in latest.items()}
        return await self._database.look(lambda tx: read_newest(tx, rows))

    async def show(self, principal: Principal, server: str) -> rest.ServerSample:
        """The newest sample, for a caller who may see the server.

        Raises:
            NotFound: the server is not there for this caller.
            NoSample: it has not sent one.
        """
        meant = await self._servers.name_of(principal, server)
        return await self.latest(meant.id, meant.name)

    async def watched(self, principal: Principal, target: Target) -> frozenset[str]:
        """Ids of the servers that a TARGET means to a caller now; of none it is empty."""
        async with self._chatops.read() as session:
            seen = await self._servers.seen(session, principal)
        return frozenset(one.id for one in seen if target.covers(one))

    async def history(
        self, principal: Principal, server: str, query: HistoryQuery
    ) -> rest.HistoryPage[rest.HistoryRow]:
        """Values of a span by steps, oldest first; see span.py for the level they come from.

        Raises:
            NotFound: the server is not there for this caller.
            InvalidInput: there is no such metric.
        """
        meant = await self._servers.name_of(principal, server)
        how = self._plan(query)
        read = await self._reading(meant.id, query, how)
        return await self._database.look(lambda tx: history_page(meant.name, read(tx), how))

    async def histories(
        self, principal: Principal, target: str, query: HistoryQuery
    ) -> rest.HistoryPage[rest.ServerHistoryRow]:
        """The same of all servers that a TARGET means; rows of one time in order of name.

        Raises:
            NotFound: it means none.
            InvalidInput: it means too many, or there is no such metric.
        """
        async with self._chatops.read() as session:
            meant = await resolve(session, self._servers, principal, target, Access.VIEWER)
        if len(meant) > MAX_HISTORY_SERVERS:
            raise InvalidInput(
                f"{target[:80]!r} means {len(meant)} servers; a history takes"
                f" {MAX_HISTORY_SERVERS} at a time",
                hint="name fewer of them",
            )
        how = self._plan(query)
        share = max(query.limit // len(meant), min(query.limit, _SHARE))
        query_of_one = replace(query, limit=share)
        found = [
            (one.name, await self._database.look(await self._reading(one.id, query_of_one, how)))
            for one in meant
        ]
        return histories_page(found, how, query.limit)

    async def turns(self, server_id: str, since: float, until: float) -> list[Turn]:
        """When a server's agent came and went in a span, and how it was before."""
        async with self._chatops.read() as session:
            events = await events_crud.turns(session, server_id, since, until)
        return [Turn(ts, event == "connected") for ts, event in events]

    def _plan(self, query: HistoryQuery) -> Plan:
        for name in query.metrics or ():
            parse_metric(name)
        return plan(query, self.kept, self._clock.now())

    async def _reading(
        self, server_id: str, query: HistoryQuery, how: Plan
    ) -> Callable[[Transaction], History]:
        """What reads a server's history, with that of ``offline`` if it is asked for."""
        ids = self._open.of(server_id)  # before the snapshot: see history.py
        names, limit = query.metrics, query.limit
        until = min(how.until, self._clock.now())
        wanted = names is not None and OFFLINE in names
        turns = await self.turns(server_id, how.since, until) if wanted else []

        def read(tx: Transaction) -> History:
            found = read_history(tx, server_id, names, how, ids=ids, limit=limit)
            if not wanted:
                return found
            rows = offline_points(turns, how.since, until, how.step, limit)
            return merged(found, *rows, limit)

        return read


def _newest(
    tx: Transaction, server_id: str, row_id: int, full_id: int
) -> tuple[float, float | None, Sample] | None:
    """Time, skew and all of the sample that was the newest: it is open, or else was closed; so is
    the one with what comes only now and then."""
    rows = {one.id: (one.ts, one.skew, one.sample) for one in crud.by_ids(tx, [row_id, full_id])}
    closed = store.latest_of(tx, server_id)
    if closed:
        rows[0] = closed["ts"], closed["skew"], closed["sample"]
    newest, full = (rows.get(one, rows.get(0)) for one in (row_id, full_id))
    if newest is None:
        return None
    ts, skew, sample = newest[0], newest[1], decode(newest[2])
    if full is not None and full[0] >= ts - FOR:
        carry(sample, decode(full[2]))
    return ts, skew, sample
