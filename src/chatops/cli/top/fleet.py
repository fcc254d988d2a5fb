"""What is known of the servers: the hub's list, put together with live values. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from chatops.cli.top.alarms import Alarms, Tally, by_server, tally
from chatops.cli.top.trail import Trail
from chatops.errors import InvalidInput
from chatops.protocol.client_messages import Values
from chatops.protocol.rest import Alert, Server, ServerHistoryRow
from chatops.protocol.target import Facts
from chatops.units import parse_time

METRICS: Final = ("cpu", "memory", "disk", "load1", "net.rx", "net.tx", "containers")
"""What is watched of every server."""
TRAILS: Final = ("cpu", "memory", "net.rx", "net.tx")
"""What there are sparklines of."""


@dataclass(slots=True)
class Row:
    """One server. ``ts`` is when its newest sample was taken, in hub time."""

    server: Server
    ts: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    trails: dict[str, Trail] = field(default_factory=lambda: {name: Trail() for name in TRAILS})
    filled: bool = False
    """Whether its history was asked for."""
    tally: Tally | None = None
    """How many alerts it has, once the list of alerts is known."""

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def alerts(self) -> int:
        """How many of its alerts are open."""
        return self.server.alerts if self.tally is None else self.tally.open

    @property
    def is_critical(self) -> bool:
        """Whether one of them is critical."""
        return self.tally is not None and self.tally.critical > 0

    @property
    def facts(self) -> Facts:
        """What a TARGET looks at."""
        return Facts(self.server.id, self.server.name, self.server.tags)

    @property
    def seen(self) -> float | None:
        """When it was last heard, in hub time."""
        times = [ts for ts in (self.ts, seconds(self.server.last_seen)) if ts is not None]
        return max(times, default=None)

    def value(self, metric: str) -> float | None:
        """Its newest value of a metric."""
        return self.values.get(metric)

    def copy(self) -> Row:
        """The same as it is now."""
        trails = {name: trail.copy() for name, trail in self.trails.items()}
        return replace(self, values=dict(self.values), trails=trails)


class Fleet:
    """The servers of a TARGET, by id. ``known`` once the hub's list was there. ``alerts`` are the
    open ones of these servers."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.known = False
        self.alarms = Alarms()
        self.alerts: list[Alert] = []

    @property
    def tally(self) -> Tally:
        """How many alerts these servers have."""
        if self.alarms.known:
            return tally(self.alerts)
        return Tally(open=sum(row.alerts for row in self.rows.values()))

    def mark(self) -> None:
        """Say which alerts are whose, after either changed."""
        if self.alarms.known:
            self.alerts = self.alarms.of({row.name for row in self.rows.values()})
            found = by_server(self.alerts)
            for row in self.rows.values():
                row.tally = found.get(row.name, Tally())

    def list(self, servers: Iterable[Server]) -> None:
        """The hub's list: who is new comes, who is not in it goes, names and tags follow."""
        rows: dict[str, Row] = {}
        for server in servers:
            row = self.rows.get(server.id) or Row(server)
            row.server = server
            if row.ts is None:
                _first_values(row)
            rows[server.id] = row
        self.rows = rows
        self.known = True

    def take(self, one: Values) -> None:
        """A live sample's values; of a server that is not in the list they wait for nobody."""
        row = self.rows.get(one.server_id)
        ts = seconds(one.ts)
        if row is None or ts is None:
            return
        for name, trail in row.trails.items():
            if (value := one.values.get(name)) is not None:
                trail.add(ts, value)
        if row.ts is None or ts >= row.ts:
            row.ts, row.values = ts, one.values

    def fill(self, rows: Iterable[ServerHistoryRow]) -> None:
        """What was measured before; ``server`` of these is a name."""
        by_name = {row.name: row for row in self.rows.values()}
        for one in rows:
            row, ts = by_name.get(one.server), seconds(one.ts)
            if row is not None and ts is not None and one.metric in row.trails:
                row.trails[one.metric].fill(ts, one.value)

    def copy(self) -> Fleet:
        """The same as it is now, for a view that stands still."""
        made = Fleet()
        made.known = self.known
        made.alarms, made.alerts = self.alarms.copy(), list(self.alerts)
        made.rows = {key: row.copy() for key, row in self.rows.items()}
        return made


def seconds(stamp: str | None) -> float | None:
    """Unix seconds of a time of the hub's; None for what is none."""
    try:
        return None if stamp is None else parse_time(stamp)
    except InvalidInput:
        return None


def _first_values(row: Row) -> None:
    """Until the first live sample, what the list has."""
    server = row.server
    given = {
        "cpu": server.cpu_percent, "memory": server.memory_percent, "disk": server.disk_percent
    }  # fmt: skip
    row.values = {name: value for name, value in given.items() if value is not None}
