"""The states of alerts, and what changes them. Pure: no I/O, no clock, no ids of its own.

An alert is of one rule, one server (None: several together) and one instance. There is at most
one that is not resolved of the three; nothing fires but at a value for which its rule holds, and
nothing is resolved that did not fire: what is only pending is forgotten. Times are the hub's, in
Unix seconds. Every method tells what it changed, in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from chatops.protocol.rest import AlertState, ResolvedReason
from chatops.server.services.alerting.rule import OFFLINE, Rule
from chatops.server.services.alerting.sentences import sentence

LATE: Final = 30.0
"""A sample that is older when it comes is history, and decides nothing."""
GONE: Final = 60.0
"""Seconds for which an instance is not listed before it counts as gone."""
REST: Final = 300.0
"""Seconds after which an alert that was resolved by hand may come again."""
MAX_OPEN: Final = 500
"""Alerts of one server that are not resolved; more are not made, but for its absence."""

Happening = Literal["pending", "firing", "acknowledged", "resolved", "forgotten", "noted"]
"""``noted``: it is stale, or no longer, or fires for somebody else to see."""
Place = tuple[str, str]
"""Rule and instance."""


@dataclass(slots=True, eq=False)
class Alert:
    """One time that a rule held. ``members`` are the servers that dropped together and whether
    they are back, where it is of several."""

    id: str
    rule: Rule
    server_id: str | None
    instance: str
    state: AlertState
    value: float | None
    started_at: float
    fired_at: float | None = None
    acked_at: float | None = None
    acked_by: str | None = None
    comment: str | None = None
    resolved_at: float | None = None
    reason: ResolvedReason | None = None
    stale: bool = False
    silenced: bool = False
    message: str = ""
    absent_since: float | None = None
    members: dict[str, bool] = field(default_factory=dict)

    @property
    def fired(self) -> bool:
        """Whether somebody may have heard of it."""
        return self.fired_at is not None

    @property
    def place(self) -> Place:
        """Its place among the server's alerts."""
        return self.rule.id, self.instance


class Step(NamedTuple):
    """Something that happened to an alert."""

    happening: Happening
    alert: Alert


class Machine:
    """All alerts that are not resolved, by server and place."""

    def __init__(self, new_id: Callable[[float], str]) -> None:
        self._new_id = new_id
        self._open: dict[str | None, dict[Place, Alert]] = {}
        self._resting: dict[tuple[str | None, Place], float] = {}
        self._away: set[str] = set()
        self._newest: dict[str, float] = {}
        self.full: set[str] = set()
        """Servers of which an alert was not made, because they have as many as may be."""

    # -- reading ------------------------------------------------------------------------

    def of(self, server_id: str | None) -> list[Alert]:
        """A server's alerts; of None those of several servers."""
        return list(self._open.get(server_id, {}).values())

    def at(self, server_id: str | None, place: Place) -> Alert | None:
        """The alert there, if there is one."""
        return self._open.get(server_id, {}).get(place)

    def find(self, alert_id: str) -> Alert | None:
        """The alert of that id."""
        return next((one for one in self if one.id == alert_id), None)

    def __iter__(self) -> Iterator[Alert]:
        return iter([one for alerts in self._open.values() for one in alerts.values()])

    def has(self, server_id: str | None) -> bool:
        """Whether any value of a server's means something: of an alert, or of one that rests."""
        return server_id in self._open or bool(self._resting and self.resting(server_id))

    def servers(self) -> set[str | None]:
        """All of which ``has`` is true."""
        return {*self._open, *(server_id for server_id, _ in self._resting)}

    def resting(self, server_id: str | None) -> list[Place]:
        """Where alerts of a server were resolved by hand, and may come again later."""
        return [place for resting, place in self._resting if resting == server_id]

    def would_fire(self, alert: Alert | None, rule: Rule, value: float, ts: float) -> bool:
        """Whether a value would make the alert there (None: there is none yet) fire."""
        if not rule.holds(value):
            return False
        if alert is None:
            return rule.for_s <= 0
        return alert.state == "pending" and ts - alert.started_at >= rule.for_s

    def is_away(self, server_id: str) -> bool:
        """Whether the server's alerts are kept as they were."""
        return server_id in self._away

    # -- what agents say ------------------------------------------------------------------

    def admits(self, server_id: str, ts: float, now: float) -> bool:
        """Whether a sample is news: to be asked once of each, before its values are shown."""
        newest = self._newest.get(server_id)
        if now - ts > LATE or (newest is not None and ts <= newest <= now):
            return False
        self._newest[server_id] = ts
        return True

    def observe(
        self, server_id: str | None, rule: Rule, instance: str, value: float, ts: float
    ) -> list[Step]:
        """A value that was taken at ``ts``."""
        alert = self.at(server_id, (rule.id, instance))
        if alert is not None:
            return self._go_on(alert, value, ts)
        if rule.holds(value):
            return self._begin(server_id, rule, instance, value, ts)
        if self._resting and rule.clears(value):
            self._resting.pop((server_id, (rule.id, instance)), None)
        return []

    def absent(self, alert: Alert, ts: float) -> list[Step]:
        """The instance is not there, in a sample that would list it."""
        if not alert.fired:
            return self._forget(alert)
        if alert.absent_since is None or alert.absent_since > ts:
            alert.absent_since = ts
        return self.resolve(alert, "cleared", ts) if ts - alert.absent_since >= GONE else []

    def leave(self, server_id: str) -> list[Step]:
        """The agent is away: nothing is known of the server but that."""
        self._away.add(server_id)
        steps: list[Step] = []
        for alert in self.of(server_id):
            if alert.rule.watched.name == OFFLINE:
                continue
            if not alert.fired:
                steps += self._forget(alert)
            elif not alert.stale:
                alert.stale = True
                steps.append(Step("noted", alert))
        return steps

    def come_back(self, server_id: str) -> list[Step]:
        """It is heard again."""
        self._away.discard(server_id)
        steps = []
        for alert in self.of(server_id):
            if alert.stale:
                alert.stale, alert.absent_since = False, None
                steps.append(Step("noted", alert))
        return steps

    # -- several servers together -----------------------------------------------------------

    def gather(self, rule: Rule, members: set[str], value: float, ts: float) -> list[Step]:
        """Servers dropped together: one alert for all. One that there is for others fires again.
        What was to be pending of theirs goes."""
        steps = [step for server_id in members for step in self._merge(rule, server_id)]
        alert = self.at(None, (rule.id, "")) or self._new(None, rule, "", value, ts)
        alert.members |= dict.fromkeys(members, False)
        return steps + self._fire(alert, value, ts)

    def join(self, alert: Alert, server_id: str) -> list[Step]:
        """One more dropped with those."""
        alert.members[server_id] = False
        return [*self._merge(alert.rule, server_id), Step("noted", alert)]

    def returned(self, alert: Alert, server_id: str, ts: float, *, gone: bool) -> list[Step]:
        """One of them is back, or (``gone``) concerns nobody any more."""
        if gone:
            del alert.members[server_id]
        else:
            alert.members[server_id] = True
        if all(alert.members.values()):
            return self.resolve(alert, "cleared", ts)
        return [Step("noted", alert)]

    # -- what people do -----------------------------------------------------------------------

    def acknowledge(self, alert: Alert, by: str, comment: str | None, now: float) -> list[Step]:
        """Somebody takes care of it. Only what fires can be acknowledged."""
        alert.state, alert.acked_at, alert.acked_by = "acknowledged", now, by
        alert.comment = comment
        return [Step("acknowledged", alert)]

    def resolve(self, alert: Alert, reason: ResolvedReason, now: float) -> list[Step]:
        """It is over. What did not fire is forgotten."""
        if reason == "manual":
            self._resting[alert.server_id, alert.place] = now + REST
        if not alert.fired:
            return self._forget(alert)
        alert.state, alert.resolved_at, alert.reason = "resolved", now, reason
        alert.stale = False
        self._remove(alert)
        return [Step("resolved", alert)]

    def end_rule(self, rule_id: str, reason: ResolvedReason, now: float) -> list[Step]:
        """A rule is not what it was: its alerts end."""
        self._wake(lambda _, place: place[0] == rule_id)
        ending = [one for one in self if one.rule.id == rule_id]
        return [step for one in ending for step in self.resolve(one, reason, now)]

    def rename_rule(self, rule: Rule) -> list[Step]:
        """A rule has another name, and judges as before."""
        mine = [one for one in self if one.rule.id == rule.id]
        for alert in mine:
            alert.rule = rule
        return [Step("noted", one) for one in mine]

    def end_server(self, server_id: str, now: float) -> list[Step]:
        """A server is removed."""
        steps = [
            step
            for one in self.of(server_id)
            for step in self.resolve(one, "server removed", now)
        ]  # fmt: skip
        for alert in self.of(None):
            if server_id in alert.members:
                steps += self.returned(alert, server_id, now, gone=True)
        self._wake(lambda resting, _: resting == server_id)
        self._away.discard(server_id)
        self._newest.pop(server_id, None)
        return steps

    # -- after a start -------------------------------------------------------------------------

    def load(self, alert: Alert) -> None:
        """Take over an alert that is not resolved, or was resolved by hand not long ago."""
        if alert.state == "resolved":
            self._resting[alert.server_id, alert.place] = (alert.resolved_at or 0.0) + REST
        else:
            self._open.setdefault(alert.server_id, {})[alert.place] = alert
            if alert.stale and alert.server_id:
                self._away.add(alert.server_id)

    # -- inside -----------------------------------------------------------------------------------

    def _wake(self, which: Callable[[str | None, Place], bool]) -> None:
        """What was resolved by hand may come again now."""
        self._resting = {key: until for key, until in self._resting.items() if not which(*key)}

    def _begin(
        self, server_id: str | None, rule: Rule, instance: str, value: float, ts: float
    ) -> list[Step]:
        place = (rule.id, instance)
        if ts < self._resting.get((server_id, place), ts):
            return []
        if server_id is not None and self._is_full(server_id, rule):
            self.full.add(server_id)
            return []
        self._resting.pop((server_id, place), None)
        alert = self._new(server_id, rule, instance, value, ts)
        return [Step("pending", alert)] if rule.for_s > 0 else self._fire(alert, value, ts)

    def _is_full(self, server_id: str, rule: Rule) -> bool:
        """Whether a server has as many alerts as may be. That it is away is said all the same."""
        return len(self._open.get(server_id, ())) >= MAX_OPEN and rule.watched.name != OFFLINE

    def _merge(self, rule: Rule, server_id: str) -> list[Step]:
        own = self.at(server_id, (rule.id, ""))
        return self._forget(own) if own is not None else []

    def _go_on(self, alert: Alert, value: float, ts: float) -> list[Step]:
        rule, alert.absent_since = alert.rule, None
        if rule.clears(value):
            alert.value = float(value)
            return self.resolve(alert, "cleared", ts)
        if alert.state != "pending":
            return []
        alert.started_at = min(alert.started_at, ts)  # the hub's clock may be set back
        if rule.holds(value) and ts - alert.started_at >= rule.for_s:
            return self._fire(alert, value, ts)
        return []

    def _new(
        self, server_id: str | None, rule: Rule, instance: str, value: float, ts: float
    ) -> Alert:
        alert = Alert(self._new_id(ts), rule, server_id, instance, "pending", float(value), ts)
        alert.message = sentence(rule, instance, value)
        self._open.setdefault(server_id, {})[alert.place] = alert
        return alert

    def _fire(self, alert: Alert, value: float, ts: float) -> list[Step]:
        alert.state, alert.fired_at, alert.value = "firing", ts, float(value)
        alert.message = sentence(alert.rule, alert.instance, value)
        return [Step("firing", alert)]

    def _forget(self, alert: Alert) -> list[Step]:
        self._remove(alert)
        return [Step("forgotten", alert)]

    def _remove(self, alert: Alert) -> None:
        mine = self._open[alert.server_id]
        del mine[alert.place]
        if not mine:
            del self._open[alert.server_id]
