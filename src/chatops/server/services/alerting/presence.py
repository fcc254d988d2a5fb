"""Servers that are away, each alone or many together: the rules on ``offline``."""

from __future__ import annotations

from collections.abc import Callable

from chatops.clock import Clock
from chatops.server.services.alerting.fleet_view import FleetView
from chatops.server.services.alerting.machine import Alert, Machine, Step
from chatops.server.services.alerting.outages import AWAY, Absence, Outages
from chatops.server.services.alerting.plans import Plans
from chatops.server.services.alerting.rule import Rule
from chatops.server.services.alerting.storms import WINDOW, Limits, together


class Presence:
    """Looks at the fleet by the hub's clock."""

    def __init__(
        self,
        fleet: FleetView,
        plans: Plans,
        machine: Machine,
        outages: Outages,
        limits: Callable[[], Limits],
        clock: Clock,
    ) -> None:
        self._fleet = fleet
        self._plans = plans
        self._machine = machine
        self._outages = outages
        self._limits = limits
        self._clock = clock
        self._gone: dict[str, dict[str, float]] = {}

    def judge(self) -> list[Step]:
        """What became of servers since the last time; to be asked every second."""
        absent = {
            one: absence
            for one in self._outages.silent(self._fleet.ids())
            if (absence := self._outages.of(one)) is not None
        }
        self._gone.clear()
        steps = self._judge_each(absent)
        for alert in self._machine.of(None):
            steps += self._see_members(alert, absent)
        return steps

    def _judge_each(self, absent: dict[str, Absence]) -> list[Step]:
        steps: list[Step] = []
        now = self._clock.now()
        minded = self._machine.servers()
        for server_id in self._fleet.ids():
            if server_id not in absent and server_id not in minded:
                continue  # it is there, as most are, and nobody waits for that
            absence = absent.get(server_id)
            gone = absence is not None and absence.seconds >= AWAY
            if gone and not self._machine.is_away(server_id):
                steps += self._machine.leave(server_id)
            for rule in self._plans.offline(server_id):
                steps += self._judge_offline(server_id, rule, absent, now)
        return steps

    def _judge_offline(
        self, server_id: str, rule: Rule, absent: dict[str, Absence], now: float
    ) -> list[Step]:
        absence = absent.get(server_id)
        seconds = absence.seconds if absence else 0.0
        storm = self._machine.at(None, (rule.id, ""))
        if storm is not None and storm.members.get(server_id) is False:
            return []  # it is one of those
        own = self._machine.at(server_id, (rule.id, ""))
        if absence is not None and self._machine.would_fire(own, rule, seconds, now):
            if storm is not None and self._joins(server_id, storm, absent):
                return self._machine.join(storm, server_id)
            members = self._dropped_with(server_id, rule, storm, absent)
            if members:
                return self._machine.gather(rule, members, seconds, now)
        if absence is None and self._outages.is_unsure(server_id):
            return []
        return self._machine.observe(server_id, rule, "", seconds, now)

    def _joins(self, server_id: str, storm: Alert, absent: dict[str, Absence]) -> bool:
        """Whether a server dropped with those of a storm, of which people heard just now. Later
        ones are news: else a fleet that dies slowly would be told of once."""
        if self._clock.now() - (storm.fired_at or 0.0) > WINDOW:
            return False
        at = absent[server_id].gone_at
        away = (one for one, back in storm.members.items() if not back and one in absent)
        return any(abs(absent[one].gone_at - at) <= WINDOW for one in away)

    def _dropped_with(
        self, server_id: str, rule: Rule, storm: Alert | None, absent: dict[str, Absence]
    ) -> set[str]:
        """The servers that dropped together with one, itself included; empty below a storm."""
        gone = self._gone.get(rule.id)
        if gone is None:  # the same for all servers of this second
            before = storm.members if storm is not None else {}
            gone = self._gone[rule.id] = {
                one: absence.gone_at
                for one, absence in absent.items()
                if before.get(one) is not False
                and self._plans.covers(rule.id, one)
                and not self._has_own(one, rule)
            }
        known = self._outages.known(self._fleet.ids())
        found = together(gone, server_id, known, self._limits())
        return {one for one in found if not self._has_own(one, rule)}

    def _has_own(self, server_id: str, rule: Rule) -> bool:
        own = self._machine.at(server_id, (rule.id, ""))
        return own is not None and own.fired

    def _see_members(self, alert: Alert, absent: dict[str, Absence]) -> list[Step]:
        """Who of those that dropped together is back."""
        steps: list[Step] = []
        now = self._clock.now()
        for server_id, back in list(alert.members.items()):
            unknown = server_id not in self._fleet
            if unknown or (not back and not self._is_missed(server_id, alert.rule, absent)):
                steps += self._machine.returned(alert, server_id, now, gone=unknown)
            if alert.state == "resolved":
                return steps
        if all(alert.members.values()):  # as a hub left it that ended while the last was removed
            steps += self._machine.resolve(alert, "cleared", now)
        return steps

    def _is_missed(self, server_id: str, rule: Rule, absent: dict[str, Absence]) -> bool:
        """Whether a server is away, or may be, and the rule is still for it."""
        away = server_id in absent or self._outages.is_unsure(server_id)
        return away and self._plans.covers(rule.id, server_id)
