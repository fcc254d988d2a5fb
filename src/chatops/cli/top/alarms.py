"""What is known of open alerts: the hub's list, put together with what changes. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from chatops.protocol.rest import Alert, AlertState, Severity

OPEN: Final[tuple[AlertState, ...]] = ("firing", "acknowledged")
MOST_ALERTS: Final = 2000
"""Open alerts that are shown at most, the newest."""
_RANK: Final[dict[Severity, int]] = {"critical": 0, "warning": 1, "info": 2}


class Tally(NamedTuple):
    """How many alerts: open ones, those of them that nobody takes care of, critical open ones."""

    open: int = 0
    firing: int = 0
    critical: int = 0


class Alarms:
    """Open alerts by id. ``known`` once the hub's list was there."""

    def __init__(self) -> None:
        self._open: dict[str, Alert] = {}
        self.known = False

    def put(self, alerts: Iterable[Alert]) -> None:
        """The hub's list."""
        self._open = {alert.id: alert for alert in alerts}
        self.known = True

    def change(self, alert: Alert) -> None:
        """One became another. What is of several servers together is told in parts, for each of
        them; the list has it whole."""
        if alert.state not in OPEN:
            self._open.pop(alert.id, None)
        elif alert.servers is None:
            self._open[alert.id] = alert

    def of(self, names: Collection[str]) -> list[Alert]:
        """Those of servers of these names: the worst first, of these what fires, then the
        newest."""
        found = [one for one in self._open.values() if any(name in names for name in servers(one))]
        found.sort(key=lambda one: one.fired_at or one.started_at, reverse=True)
        return sorted(found, key=lambda one: (_RANK[one.severity], one.state != "firing"))

    def copy(self) -> Alarms:
        """The same as it is now."""
        made = Alarms()
        made._open, made.known = self._open.copy(), self.known
        return made


def servers(alert: Alert) -> Iterable[str]:
    """The servers that an alert is about, by name."""
    if alert.servers is not None:
        return alert.servers
    return () if alert.server is None else (alert.server,)


def tally(alerts: Collection[Alert]) -> Tally:
    """How many there are."""
    firing = sum(one.state == "firing" for one in alerts)
    return Tally(len(alerts), firing, sum(one.severity == "critical" for one in alerts))


def by_server(alerts: Iterable[Alert]) -> Mapping[str, Tally]:
    """How many each server has."""
    found: dict[str, list[Alert]] = defaultdict(list)
    for alert in alerts:
        for name in servers(alert):
            found[name].append(alert)
    return {name: tally(mine) for name, mine in found.items()}
