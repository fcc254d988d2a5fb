"""ReplayService: what rules, there or only thought of, would have done in the past.

A replay is read and judged in slices, each in a reader's thread, one replay after the other: it
keeps nothing else from going on. What it reads is bounded: of many servers, or a long span, the
means of longer steps are taken instead of samples. Of these the worst value counts, so that no
breach is averaged away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.errors import InvalidInput, NotFound
from chatops.protocol import rest
from chatops.protocol.limits import MAX_HISTORY_SERVERS
from chatops.protocol.metric_names import METRICS
from chatops.server.db.engine import Database
from chatops.server.db.levels import LEVELS
from chatops.server.services.access import Access, Principal
from chatops.server.services.alerting.replay import Firing, Tally, absences, bare
from chatops.server.services.alerting.rule import (
    EACH,
    OFFLINE,
    Rule,
    Watched,
    check_side,
    check_values,
    parse_watched,
    understood,
)
from chatops.server.services.metrics.history import Point
from chatops.server.services.metrics.newest import decode
from chatops.server.services.metrics.service import MetricsService
from chatops.server.services.metrics.span import HistoryQuery, Plan
from chatops.server.services.server_finder import ServerFinder
from chatops.server.services.targets import Meant, resolve
from chatops.server.services.thresholds import ThresholdService
from chatops.units import format_time, time_or_none

MOST: Final = 200_000
"""Values that one replay looks at, about."""
SLICE: Final = 2_000
"""Of these at once."""
MAX_INSTANCES: Final = 200
"""Instances of one server that one replay looks at."""
_USUAL: Final = 5.0
"""Seconds between two samples."""


class Trial(NamedTuple):
    """What is to be tried: a rule that there is (by name or id), or a condition. What is given
    beside a rule stands in place of what that says."""

    threshold: str | None
    metric: str | None
    op: rest.Op | None
    value: float | None
    for_s: float | None
    clear: float | None
    target: str | None
    since: float
    until: float | None


class Asked(NamedTuple):
    """A rule to be tried, on the servers of ``target``, from ``since`` to ``until``."""

    rule: Rule
    target: str
    since: float
    until: float


class _Pair(NamedTuple):
    """One server and instance: by the rule as it is, and without ``--for`` and clear value."""

    watched: Watched
    full: Tally
    plain: Tally


class ReplayService:
    """Tries rules on the history."""

    def __init__(
        self,
        database: Database,
        servers: ServerFinder,
        thresholds: ThresholdService,
        metrics: MetricsService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._thresholds = thresholds
        self._metrics = metrics
        self._clock = clock
        self._turn = asyncio.Lock()

    async def replay(self, principal: Principal, trial: Trial) -> rest.Replay:
        """Try a rule on the servers that the caller may see.

        Raises:
            InvalidInput: neither a rule nor a condition, values that make no sense, or too many
                servers.
            NotFound: no such rule or server for this caller, or the target means none.
        """
        now = self._clock.now()
        end = now if trial.until is None else min(trial.until, now)
        if trial.since >= end:
            raise InvalidInput("the span ends before it begins", hint="let it begin earlier")
        asked = await self._asked(principal, trial, end)
        async with self._database.read() as session:
            meant = await resolve(session, self._servers, principal, asked.target, Access.VIEWER)
        if len(meant) > MAX_HISTORY_SERVERS:
            raise InvalidInput(
                f"{asked.target[:80]!r} means {len(meant)} servers; a replay takes"
                f" {MAX_HISTORY_SERVERS} at a time",
                hint="name fewer of them with --target",
            )
        async with self._turn:
            return await self._run(asked, meant)

    # -- inside ---------------------------------------------------------------------------

    async def _asked(self, principal: Principal, trial: Trial, until: float) -> Asked:
        if trial.threshold is not None:
            known = await self._thresholds.show(principal, trial.threshold)
            metric, op, value, target = known.metric, known.op, known.value, known.target
            for_s, clear = known.for_s, known.clear
            watched = understood(metric)
        elif trial.metric is None or trial.op is None or trial.value is None:
            raise InvalidInput(
                "no rule to try", hint="name one, or give metric, operator and value"
            )
        else:
            op, value, target, for_s, clear = trial.op, trial.value, "all", 60.0, None
            watched = parse_watched(trial.metric)
            check_side(watched, op)
        for_s = for_s if trial.for_s is None else trial.for_s
        clear = check_values(
            watched, op, value, clear if trial.clear is None else trial.clear, for_s
        )
        if not (target := trial.target or target):
            raise NotFound("the rule covers no server that you see")
        rule = Rule("rule", "", watched, op, value, clear, for_s, "info")
        return Asked(rule, target, trial.since, until)

    async def _run(self, asked: Asked, meant: Sequence[Meant]) -> rest.Replay:
        rule, offline = asked.rule, asked.rule.watched.name == OFFLINE
        names = {} if offline else {one.id: await self._names(one, rule.watched) for one in meant}
        how = None if offline else self._plan(asked, sum(map(len, names.values())))
        rows: list[rest.ReplayRow] = []
        for one in meant:
            pairs = (
                [await self._absent(one, asked)] if how is None
                else await self._measured(one, asked, names[one.id], how)
            )  # fmt: skip
            rows += [_row(one.name, pair, asked.until) for pair in pairs]
        return rest.Replay(
            metric=str(rule.watched), op=rule.op, value=rule.value, clear=rule.clear,
            for_s=rule.for_s, target=asked.target, since=format_time(asked.since),
            until=format_time(asked.until), step=how.step if how else None, items=rows,
        )  # fmt: skip

    async def _names(self, server: Meant, watched: Watched) -> list[str]:
        if watched.instance != EACH:
            return [str(watched)]
        newest = (await self._metrics.newest([server.id])).get(server.id)
        sample = decode(newest.sample) if newest is not None else None
        found = await self._metrics.past.instances(server.id, METRICS[watched.name], sample)
        return found[:MAX_INSTANCES]

    def _plan(self, asked: Asked, series: int) -> Plan:
        """The finest level that is kept, unless it has too many values."""
        how = self._metrics.past.plan(_query(asked, None))
        for level in LEVELS:
            span = asked.until - how.since
            if span / (how.step or _USUAL) * series > MOST and (how.step or 0.0) < level.step:
                how = self._metrics.past.plan(_query(asked, float(level.step)))
        if (asked.until - how.since) / (how.step or _USUAL) * series > MOST:
            raise InvalidInput(
                "that is too much for one replay", hint="take a shorter span or fewer servers"
            )
        return how

    async def _measured(
        self, server: Meant, asked: Asked, names: Sequence[str], how: Plan
    ) -> list[_Pair]:
        pairs = {name: _pair(asked.rule, understood(name)) for name in names}
        start: float | None = how.since
        while pairs and start is not None:
            part = how._replace(since=start)
            start = await self._metrics.past.each_slice(
                server.id, list(pairs), part, SLICE, lambda found: _judge(pairs, found, how.step)
            )
        return list(pairs.values())

    async def _absent(self, server: Meant, asked: Asked) -> _Pair:
        turns = await self._metrics.turns(server.id, asked.since, asked.until)
        pair = _pair(asked.rule, asked.rule.watched, gaps=False)
        for rule, tally in ((asked.rule, pair.full), (bare(asked.rule), pair.plain)):
            for ts, value in absences(turns, rule, asked.since, asked.until):
                tally.take(ts, value)
        return pair


def _query(asked: Asked, step: float | None) -> HistoryQuery:
    return HistoryQuery(None, asked.since, asked.until, step, SLICE)


def _pair(rule: Rule, watched: Watched, *, gaps: bool = True) -> _Pair:
    return _Pair(watched, Tally(rule, gaps=gaps), Tally(bare(rule), gaps=gaps))


def _judge(pairs: dict[str, _Pair], points: Sequence[Point], step: float | None) -> None:
    for point in points:
        pair = pairs[point.metric]
        for tally in (pair.full, pair.plain):
            tally.take(point.ts, point.most if tally.above else point.least, step)


def _row(server: str, pair: _Pair, until: float) -> rest.ReplayRow:
    full, plain = pair.full, pair.plain
    full.end(until)
    plain.end(until)
    firings = [_firing(one) for one in full.firings]
    return rest.ReplayRow(
        server=server, metric=str(pair.watched), instance=pair.watched.instance or None,
        values=full.values, fired=full.fired, fired_s=full.seconds, longest_s=full.longest,
        first_fired_at=time_or_none(full.first), last_fired_at=time_or_none(full.latest),
        firing=bool(full.firings) and full.firings[-1].ended is None,
        plain_fired=plain.fired, plain_s=plain.seconds, firings=firings,
    )  # fmt: skip


def _firing(one: Firing) -> rest.ReplayFiring:
    return rest.ReplayFiring(
        fired_at=format_time(one.began), resolved_at=time_or_none(one.ended), worst=one.worst
    )
