"""What a live table knows of each server: its latest values, and how old they are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from chatops.cli import show
from chatops.cli.view import Column, Style, View
from chatops.protocol.metric_names import LOOPBACK
from chatops.protocol.rest import Server, ServerSample
from chatops.units import parse_time

STALE_AFTER: Final = 15.0
"""Seconds without a sample after which one is late, if the server's come as often as that."""
_LATE: Final = 3
"""Times the usual pause after which a sample is late."""


@dataclass(slots=True)
class Row:
    """One server. ``at`` is when its values were measured (Unix seconds, by the hub's clock),
    ``pause`` the time between its last two samples, ``samples`` how many came."""

    name: str
    status: str
    cpu: float | None = None
    load: float | None = None
    memory: float | None = None
    disk: float | None = None
    received: float | None = None
    sent: float | None = None
    at: float | None = None
    pause: float = 0.0
    samples: int = 0


@dataclass(frozen=True, slots=True)
class Shown:
    """A row as it is at a moment."""

    row: Row
    status: str
    age: float | None


class Fleet:
    """The rows of the servers that are watched."""

    def __init__(self, servers: Iterable[Server]) -> None:
        self._rows = {server.name: _first(server) for server in servers}
        self._ahead: float | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def put(self, name: str, sample: ServerSample, now: float) -> None:
        """A sample came. The first one of a server may be as old as any: the hub sends the latest
        that it has, and again when the connection was lost. What comes later is new, and tells how
        this machine's clock goes."""
        row = self._rows.get(name)
        ts = parse_time(sample.ts)
        if row is None or (row.samples and row.at is not None and ts <= row.at):
            return
        row.samples += 1
        if row.samples > 1:
            row.status = "online"
            row.pause = ts - (row.at or ts)
            self._ahead = min(now - ts, now - ts if self._ahead is None else self._ahead)
        row.at = ts
        row.cpu, row.memory, row.disk = sample.cpu.percent, sample.memory.percent, fullest(sample)
        row.load = sample.load[0] if sample.load else None
        row.received, row.sent = received(sample), sent(sample)

    def learn(self, servers: Iterable[Server]) -> None:
        """The hub said how servers are. Those that are there no longer keep what is known."""
        for server in servers:
            if (row := self._rows.get(server.name)) is not None:
                row.status = server.status

    def drop(self, name: str) -> None:
        """A server is not there any more."""
        self._rows.pop(name, None)

    def shown(self, room: int, now: float) -> tuple[list[Shown], str]:
        """As many rows as there is room for, in order of name, and what is said of the others."""
        every = [_at(row, now - (self._ahead or 0.0)) for _, row in sorted(self._rows.items())]
        if len(every) <= room:
            return every, ""
        few, others = every[: max(room, 0)], every[max(room, 0) :]
        counts = Counter(one.status for one in others)
        states = ", ".join(f"{number} {status}" for status, number in sorted(counts.items()))
        return few, f"and {len(others)} more: {states}"


def _first(server: Server) -> Row:
    """What the hub knows before the first sample comes."""
    return Row(
        server.name, server.status, cpu=server.cpu_percent, memory=server.memory_percent,
        disk=server.disk_percent, at=parse_time(server.last_seen) if server.last_seen else None,
    )  # fmt: skip


def _at(row: Row, now: float) -> Shown:
    age = None if row.at is None else max(now - row.at, 0.0)
    late = age is not None and age > max(STALE_AFTER, _LATE * row.pause)
    return Shown(row, "stale" if late and row.status == "online" else row.status, age)


def fullest(sample: ServerSample) -> float | None:
    """How full the fullest file system is, in per cent."""
    return max((disk.percent for disk in sample.disks if disk.percent is not None), default=None)


def received(sample: ServerSample) -> float | None:
    """Bytes/s of all interfaces that ``net.rx`` counts: all but loopback."""
    return _sum([one.rx_bps for one in sample.network if one.interface != LOOPBACK])


def sent(sample: ServerSample) -> float | None:
    """The same as ``net.tx``."""
    return _sum([one.tx_bps for one in sample.network if one.interface != LOOPBACK])


def _sum(values: Sequence[float | None]) -> float | None:
    known = [one for one in values if one is not None]
    return sum(known) if known else None


def _style(shown: Shown) -> Style:
    styles: dict[str, Style] = {"online": "good", "offline": "bad", "stale": "warn"}
    return styles.get(shown.status, "dim")


def _old(shown: Shown) -> Style | None:
    """Values that are not of now are dim."""
    return None if shown.status == "online" else "dim"


def _value(title: str, text: str, *, spare: bool = False) -> Column:
    """A column of one of the row's values; ``text`` names it and how it is shown."""
    name, _, kind = text.partition(" ")
    form = {"%": show.percent, "B/s": show.rate, "": show.number}[kind]
    return Column(title, lambda s: form(getattr(s.row, name)), _old, right=True, spare=spare)


COLUMNS: Final = (
    Column("SERVER", lambda s: s.row.name),
    Column("STATUS", lambda s: s.status, _style),
    Column("AGE", lambda s: None if s.age is None else show.coarse(s.age), _old, right=True),
    _value("CPU", "cpu %"),
    _value("MEMORY", "memory %"),
    _value("DISK", "disk %"),
    _value("LOAD", "load", spare=True),
    _value("RECEIVED", "received B/s", spare=True),
    _value("SENT", "sent B/s", spare=True),
)
TABLE: Final = View(ServerSample, lambda sample: sample.server, COLUMNS)
