"""AlertService: thresholds against samples, and against the hub's own clock.

Everything is decided in memory, here and in the event loop; what changed goes to the writer.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.ids import new_id
from chatops.protocol.metric_names import METRICS
from chatops.protocol.metrics import Sample
from chatops.protocol.rest import ResolvedReason
from chatops.server.crud import fleet as fleet_crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.alerting.fleet_view import FleetView
from chatops.server.services.alerting.hush import Hushes, concerned
from chatops.server.services.alerting.machine import Alert, Machine, Step
from chatops.server.services.alerting.outages import Outages
from chatops.server.services.alerting.outbox import AlertChange, AlertEvent
from chatops.server.services.alerting.plans import Plans, Scope
from chatops.server.services.alerting.presence import Presence
from chatops.server.services.alerting.readings import Values
from chatops.server.services.alerting.rule import Rule
from chatops.server.services.alerting.shown import row_of, to_rest
from chatops.server.services.alerting.storms import Limits
from chatops.server.services.alerting.writer import AlertWriter, Told, trial
from chatops.server.services.limiter import RateLimiter

EVERY: Final = 1.0
_LOOK_EVERY: Final = 2.0
"""Seconds between two looks at who is in the fleet and who may operate what."""
_log = logging.getLogger(__name__)


class MetricValue(NamedTuple):
    """A value of a server's instance ("": of all), taken at ``ts``."""

    server_id: str
    instance: str
    value: float
    ts: float


class AlertService:
    """Judges what comes in, and keeps the time for what does not."""

    def __init__(
        self,
        database: Database,
        fleet: FleetView,
        writer: AlertWriter,
        outages: Outages,
        limits: Callable[[], Limits],
        full: Callable[[str], None],
        clock: Clock,
    ) -> None:
        """``full`` hears of servers that would have more alerts than may be, at times."""
        self._full = full
        self._fullness = RateLimiter(rate=1 / 3600, burst=1)
        self._database = database
        self.writer = writer
        self._clock = clock
        self._looked = float("-inf")
        self._seen = -1
        """Commits so far at the last look: who belongs to whom is not asked when none followed."""
        self._stopping = False
        self.fleet = fleet
        self.plans = Plans(fleet)
        self.hushes = Hushes(fleet)
        self.machine = Machine(new_id)
        self.outages = outages
        self._presence = Presence(self.fleet, self.plans, self.machine, outages, limits, clock)

    # -- samples --------------------------------------------------------------------------

    def sees(self, server_id: str, metrics: Sample, skew: float | None) -> bool:
        """Whether a rule may hold, at a first look at a sample that is not committed yet."""
        try:
            return server_id in self.fleet and bool(self.plans.see(server_id, metrics, skew))
        except Exception:  # noqa: BLE001  (it is said when the sample is judged)
            return True

    def waits_for(self, server_id: str) -> bool:
        """Whether any value of a server's means something: of an alert that there is."""
        return self.machine.has(server_id)

    def heard(self, server_id: str, ts: float) -> bool:
        """A sample that was taken at ``ts`` is committed. Whether it is news; all that it holds is
        well if it is not judged."""
        if server_id not in self.fleet:
            self._looked = float("-inf")  # it has just joined
            return False
        if not self.machine.admits(server_id, ts, self._clock.now()):
            return False
        if self.machine.is_away(server_id):
            self.note(self.machine.come_back(server_id))
        return True

    def check_metrics_against_thresholds(
        self, server_id: str, metrics: Sample, *, ts: float, skew: float | None = None
    ) -> None:
        """Judge a committed sample that was taken at ``ts``. Late ones are left out."""
        try:
            self._judge(server_id, metrics, ts, skew)
        except Exception:  # noqa: BLE001  (whatever an agent sends, samples go on)
            _log.exception("a sample could not be judged", extra={"server_id": server_id})

    def _judge(self, server_id: str, metrics: Sample, ts: float, skew: float | None) -> None:
        machine = self.machine
        if not self.heard(server_id, ts):
            return
        seen = self.plans.see(server_id, metrics, skew)
        if seen or machine.has(server_id):  # mostly neither: nothing is wrong
            values = Values(metrics, skew)
            for rule, instance, value in self.plans.held(server_id, seen, values):
                self.create_alert(rule, MetricValue(server_id, instance, value, ts))
            self.note(self._look_again(server_id, values, ts))
            if machine.full:
                self._say_full(machine.full.pop())

    def _say_full(self, server_id: str) -> None:
        if not self._fullness.take(server_id, self._clock.monotonic()):
            self._full(server_id)

    def create_alert(self, threshold: Rule, metric_value: MetricValue) -> Alert | None:
        """The alert of a rule that is shown a value, if that makes one or there is one."""
        server_id, instance, value, ts = metric_value
        self.note(self.machine.observe(server_id, threshold, instance, value, ts))
        return self.machine.at(server_id, (threshold.id, instance))

    def resolve_alert(self, alert_id: str, reason: ResolvedReason = "manual") -> bool:
        """Resolve an alert; False if there is none of that id that is not resolved."""
        alert = self.machine.find(alert_id)
        if alert is None:
            return False
        self.note(self.machine.resolve(alert, reason, self._clock.now()))
        return True

    def _look_again(self, server_id: str, values: Values, ts: float) -> list[Step]:
        """What a sample means for the alerts that there are."""
        steps: list[Step] = []
        for alert in self.machine.of(server_id):
            metric = METRICS.get(alert.rule.watched.name)
            if metric is None:
                continue
            value = values.of(metric, alert.instance)
            if value is not None:
                steps += self.machine.observe(server_id, alert.rule, alert.instance, value, ts)
            elif values.misses(metric, alert.instance):
                steps += self.machine.absent(alert, ts)
        for rule_id, instance in self.machine.resting(server_id):
            rule = self.plans.get(rule_id)
            metric = METRICS.get(rule.watched.name) if rule else None
            if rule and metric and (value := values.of(metric, instance)) is not None:
                steps += self.machine.observe(server_id, rule, instance, value, ts)
        return steps

    # -- the hub's own clock ------------------------------------------------------------------

    async def run(self) -> None:
        """Keep the time, for as long as the hub runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.tick()
            except ChatOpsError as error:
                _log.error("alerts cannot look at the fleet: %s", error.message)

    def stop(self) -> None:
        """The hub stops: that its agents go means nothing now."""
        self._stopping = True

    async def drain(self) -> None:
        """Write what waits when the hub stops."""
        await self.writer.drain()

    async def tick(self) -> None:
        """Called every second."""
        if self._stopping:
            return
        due = self._clock.monotonic() - self._looked >= _LOOK_EVERY
        if due and (self._looked == float("-inf") or len(self._database.commits) != self._seen):
            await self.look()
        steps = self._presence.judge()
        if self.hushes.end(self._clock.now()):
            steps += self.unhush()
        self.note(steps)

    async def look(self) -> None:
        """See who is in the fleet now, and whom rules cover."""
        self._looked = self._clock.monotonic()
        commits = len(self._database.commits)
        changed = self.fleet.update(await self._database.look(fleet_crud.read))
        self._seen = commits
        self.plans.forget(changed)
        if changed:
            self.note(self._uncovered(changed))
            self.note(self.unhush())

    def settle(self) -> None:
        """End the alerts that are not for their servers any more, and tell of those that no
        silence covers any more."""
        self.note(self._uncovered(self.fleet.ids()))
        self.note(self.unhush())

    # -- what changes for others ---------------------------------------------------------------

    def put_rule(self, rule: Rule, scope: Scope, reason: ResolvedReason = "rule changed") -> None:
        """A rule is new, or is another now."""
        before = self.plans.get(rule.id)
        self.plans.put(rule, scope)
        if before is not None and before.judges_as(rule):
            self.note(self.machine.rename_rule(rule))
            self.settle()
        else:
            self.note(self.machine.end_rule(rule.id, reason, self._clock.now()))

    def hand_over(self, owner: str, to: str) -> None:
        """Rules and silences of an account that is gone are another's now."""
        self.plans.hand_over(owner, to)
        self.hushes.hand_over(owner, to)

    def drop_rule(self, rule_id: str) -> None:
        """A rule was switched off, or removed."""
        self.plans.remove(rule_id)
        self.note(self.machine.end_rule(rule_id, "rule disabled", self._clock.now()))

    def unhush(self) -> list[Step]:
        """A silence is over: what began while it held and goes on is told now."""
        return [
            Step("firing", one)
            for one in self.machine
            if one.silenced and one.state == "firing" and not self.hushes.cover(one)
        ]

    def may_remind(self, alert_id: str) -> bool:
        """Whether people may be told again of an alert: it fires, nobody has acknowledged it, no
        silence holds, and its server is there to say otherwise (but for those that are away)."""
        alert = self.machine.find(alert_id)
        if alert is None or alert.state != "firing" or alert.stale:
            return False
        return not self.hushes.cover(alert)

    def removing(self, server_id: str) -> Callable[[Transaction], None]:
        """A server is about to be removed: what delivery is to be told, in the same transaction,
        of the alerts that go with it."""
        ended = [trial(one) for one in self.machine.of(server_id) if one.fired]
        for alert in ended:
            alert.state, alert.reason = "resolved", "server removed"
            alert.resolved_at = self._clock.now()
        changes = [self.change_of("resolved", one) for one in ended]
        return lambda tx: self.writer.outbox.note(tx, changes) if changes else None

    def removed(self, server_id: str) -> None:
        """It was; the rules that were for it alone went with it. Of its own alerts delivery has
        heard; not of those of several servers that end with it."""
        steps = self.machine.end_server(server_id, self._clock.now())
        self.note([one for one in steps if one.alert.server_id is not None], delivered=True)
        self.note([one for one in steps if one.alert.server_id is None])
        self.outages.forget(server_id)
        self.plans.forget_target(server_id)
        self.writer.outbox.wake()

    def note(self, steps: Sequence[Step], *, delivered: bool = False) -> None:
        """Hand on what happened. ``delivered``: delivery knows it already."""
        if steps:
            self.writer.put(
                steps,
                [
                    self._told(step, delivered=delivered)
                    for step in steps
                    if step.happening in ("firing", "acknowledged", "resolved")
                ],
            )

    def change_of(self, event: AlertEvent, alert: Alert) -> AlertChange:
        """Something that happened to an alert, for delivery."""
        shown = to_rest(row_of(alert), alert.members, self.fleet.name)
        servers = (self.fleet.get(one) for one in concerned(alert))
        return AlertChange(event, shown, tuple(one for one in servers if one is not None))

    def _told(self, step: Step, *, delivered: bool) -> Told:
        event, alert = step
        assert event in ("firing", "acknowledged", "resolved")
        if event == "firing":
            alert.silenced = self.hushes.cover(alert)
        # An end is told to those who heard of the beginning, which the outbox knows.
        deliver = not delivered and (event == "resolved" or not alert.silenced)
        return Told(step, self.change_of(event, alert), deliver)

    def _uncovered(self, server_ids: Iterable[str]) -> list[Step]:
        """The end of alerts whose rule is not for their server any more."""
        now = self._clock.now()
        return [
            step
            for server_id in server_ids
            for alert in self.machine.of(server_id)
            if not self.plans.covers(alert.rule.id, server_id)
            for step in self.machine.resolve(alert, "rule changed", now)
        ]
