"""A fleet that never was, as ``chatops top`` would show it: for pictures, tests and measuring."""

from __future__ import annotations

import math
from typing import Any, Final

from msgspec import structs

from chatops.cli.top.detail import Detail
from chatops.cli.top.feed import Feed
from chatops.cli.top.fleet import METRICS, TRAILS
from chatops.cli.top.hub_clock import HubClock
from chatops.cli.top.news import Alerted, Filled, Listed, Told
from chatops.cli.top.panels import CHARTS, SPAN
from chatops.cli.top.state import State
from chatops.cli.top.trail import KEPT, STEP
from chatops.client import Client
from chatops.protocol.client_messages import Values
from chatops.protocol.metrics import Container, Cpu, Disk, DiskIO, Memory, Network, Swap, Units
from chatops.protocol.rest import (
    Alert,
    AlertDetail,
    ProcessPage,
    Server,
    ServerContainer,
    ServerHistoryRow,
    ServerProcess,
    ServerSample,
    TopProcesses,
)
from chatops.protocol.target import parse_target
from chatops.units import format_time

NOW: Final = 1_767_349_800.0
_KINDS: Final = ("web", "db", "cache", "queue", "build")
_GIB: Final = 2**30
_MIB: Final = 2**20
_COMMANDS: Final = (
    ("postgres", "postgres: 16/main: checkpointer", 62.0, 11.2),
    ("nginx", "nginx: worker process", 18.4, 0.7),
    ("java", "java -jar /srv/app.jar --port 8080", 4.1, 31.0),
    ("sshd", "sshd: /usr/sbin/sshd -D", 0.0, 0.1),
)


def scene(servers: int = 24, *, past: bool = True, **changed: Any) -> State:
    """The fleet's state, without a hub; with its ``past`` there are sparklines. ``changed`` are
    fields of all servers."""
    feed = Feed(lambda: Client("http://127.0.0.1:9", "none"), parse_target("all"))
    feed.clock = HubClock(lambda: NOW, lambda: 0.0)
    feed.clock.told(NOW)
    state = State(feed, "all")
    feed.news.append(Listed([server(number, **changed) for number in range(servers)]))
    if past:
        feed.news.append(Filled([row for number in range(servers) for row in _past(number)]))
    feed.news.append(Alerted(alerts(servers)))
    feed.values.extend(values(number, NOW - 1) for number in range(servers))
    state.catch_up()
    for row in state.fleet.rows.values():
        row.filled = True
    return state


def server(number: int, **changed: Any) -> Server:
    """One of its servers; every ninth is offline, every seventh has an alert."""
    kind = _KINDS[number % len(_KINDS)]
    offline = number % 9 == 8
    fields: dict[str, Any] = {
        "id": f"id-{number:04}", "name": f"{kind}-{number // len(_KINDS) + 1}",
        "status": "offline" if offline else "online",
        "tags": {"env": "test" if kind == "build" else "prod", "role": kind}, "owner": "ada",
        "os": "Debian GNU/Linux 12", "agent_version": "0.1.0", "created_at": format_time(NOW),
        "last_seen": format_time(NOW - (420 if offline else 1)), "cpu_percent": None,
        "memory_percent": None, "disk_percent": None, "alerts": int(number % 7 == 3),
    }  # fmt: skip
    return Server(**(fields | changed))


def alerts(servers: int) -> list[Alert]:
    """What is open in a fleet of so many: one is taken care of, two are critical."""
    made = {
        3: alert("a1", 3, "disk", "/var/lib/postgresql", 96.8, 90.0, "disk-full", "critical"),
        10: alert("a2", 10, "cpu", None, 93.0, 90.0, "busy", "warning", state="acknowledged",
              acked_by="grace", comment="the nightly build"),
        17: alert("a3", 17, "offline", None, 420.0, 60.0, "offline", "critical"),
    }  # fmt: skip
    return [one for number, one in made.items() if number < servers]


def alert(
    alert_id: str, number: int, metric: str, instance: str | None, value: float, limit: float,
    rule: str, severity: str, **changed: Any,
) -> Alert:  # fmt: skip
    """An open alert of one of the servers."""
    fields: dict[str, Any] = {
        "id": alert_id, "server": server(number).name, "metric": metric, "instance": instance,
        "threshold_id": "t1", "threshold_name": rule, "state": "firing", "stale": False,
        "severity": severity, "value": value, "threshold": limit, "op": "gt",
        "message": f"{rule}: {metric} is {value:g}, above {limit:g}",
        "started_at": format_time(NOW - 400 - number), "fired_at": format_time(NOW - 340 - number),
        "acked_by": None, "resolved_at": None, "resolved_reason": None,
    }  # fmt: skip
    return Alert(**(fields | changed))


def alert_detail(shown: Alert, **changed: Any) -> AlertDetail:
    """The same with what its agent told."""
    evidence = {
        "taken_at": format_time(NOW - 342),
        "processes": {"by_cpu": [{"pid": 812, "cpu_percent": 62.0, "rss": 2 * _GIB,
                                  "command": "postgres: 16/main: checkpointer"}],
                      "by_memory": []},
        "containers": [{"name": "proxy", "state": "running", "health": "healthy"}],
        "mount": {"path": "/var/lib/postgresql", "complete": True,
                  "largest": [{"path": "/var/lib/postgresql/16/main/pg_wal", "bytes": 310 * _GIB}]},
        "journal": ["10:24:02 postgres[812]: archive command failed with exit code 1"],
    }  # fmt: skip
    return AlertDetail(**(structs.asdict(shown) | {"evidence": evidence} | changed))


def values(number: int, ts: float) -> Values:
    """What such a server measured at a time."""
    ts -= 420 if number % 9 == 8 else 0
    found = {metric: _value(number, metric, ts) for metric in METRICS}
    return Values(f"id-{number:04}", server(number).name, format_time(ts), found)


def opened(state: State, number: int = 1) -> Detail:
    """The same with one of its servers open, and all that is known of it."""
    one = server(number)
    state.open(one.id)
    times = [NOW - SPAN + step * 15 for step in range(int(SPAN / 15))]
    past = {name: [(ts, _value(number, name, ts)) for ts in times] for name in CHARTS}
    state.feed.news.append(Told(one.id, "history", past))
    state.feed.news.append(Told(one.id, "sample", sample(one.name)))
    page = ProcessPage(items=_processes(), total=214, ts=format_time(NOW - 2))
    state.feed.news.append(Told(one.id, "processes", page))
    state.feed.news.append(Told(one.id, "containers", containers(one.name)))
    state.catch_up()
    assert state.detail is not None
    return state.detail


def containers(name: str) -> list[ServerContainer]:
    """What the engine of a server says when it is asked."""
    made = (
        ("proxy", "nginx:1.27", "running", "healthy", "shop", 3.1, 52),
        ("worker", "acme/worker:7", "exited", None, "shop", None, None),
        ("cart", "acme/cart:12", "running", "unhealthy", "shop", 96.2, 310),
        ("backup", "acme/backup:2", "paused", None, None, 0.0, 18),
    )
    return [
        ServerContainer(
            server=name, id=f"{at}f3a9", name=called, image=image, state=state, status="",
            health=health, ports=[], project=project, created_at=None, cpu_percent=cpu,
            memory=None if size is None else size * _MIB,
        )
        for at, (called, image, state, health, project, cpu, size) in enumerate(made)
    ]  # fmt: skip


def sample(name: str, **changed: Any) -> ServerSample:
    """All that a server tells of itself."""
    fields: dict[str, Any] = {
        "server": name, "ts": format_time(NOW - 1), "load": [2.31, 1.9, 1.42],
        "cpu": Cpu(58.2, [_value(core, "cpu", NOW) for core in range(8)], 8, 41.0, 12.2, 4.5, 0.5),
        "memory": Memory(16 * _GIB, 9 * _GIB, 7 * _GIB, 56.2), "swap": Swap(0, 0, 0.0),
        "disks": [Disk("/", "/dev/sda1", "ext4", 100 * _GIB, 71 * _GIB, 71.0, 29 * _GIB, 12.0),
                  Disk("/var/lib/postgresql", "/dev/sdb", "xfs", 500 * _GIB, 468 * _GIB, 93.6,
                       32 * _GIB, 3.0)],
        "disk_io": [DiskIO("sda", 81_000.0, 2_400_000.0, 12.0, 140.0)],
        "network": [Network("lo", 9_000.0, 9_000.0, 80.0, 80.0, 0.0),
                    Network("eth0", 1_900_000.0, 420_000.0, 2_100.0, 1_300.0, 2.0)],
        "temperatures": [], "uptime_s": 1_382_400.0, "process_count": 214, "missing": {},
        "containers": [Container("a1", "proxy", "nginx:1.27", "running", "healthy", 3.1, 52 * _MIB),
                       Container("b2", "worker", "acme/worker:7", "exited")],
        "container_count": 2,
        "processes": TopProcesses(
            ts=format_time(NOW - 9), by_cpu=_processes(), by_memory=_processes()[::-1]
        ),
        "units": Units(1, ["backup.service"]),
    }  # fmt: skip
    return ServerSample(**(fields | changed))


def _processes() -> list[ServerProcess]:
    return [
        ServerProcess(pid=812 + at, ppid=1, user="root", name=name, command=command,
                      cpu_percent=cpu, memory_percent=memory, rss=int(memory * _GIB / 6),
                      started_at=format_time(NOW - 9000))
        for at, (name, command, cpu, memory) in enumerate(_COMMANDS)
    ]  # fmt: skip


def _past(number: int) -> list[ServerHistoryRow]:
    offline = number % 9 == 8
    steps = range(KEPT)
    times = [NOW - STEP * (KEPT - step) for step in steps]
    return [
        ServerHistoryRow(server=server(number).name, ts=format_time(ts), metric=metric,
                         value=value, min=value, max=value)
        for metric in TRAILS
        for ts in times
        if not (offline and ts > NOW - 420)
        for value in [_value(number, metric, ts)]
    ]  # fmt: skip


def _value(number: int, metric: str, ts: float) -> float:
    """A smooth curve, another one for each server and metric."""
    wave = math.sin(ts / (180 + 17 * number) + number) + 0.4 * math.sin(ts / 61 + 3 * number)
    level = min(max(0.5 + 0.33 * wave, 0.0), 1.0)
    return {
        "cpu": 98 * level, "memory": 30 + 40 * level + number % 5 * 6,
        "disk": 20.0 + number * 7 % 79, "swap": 3 * level, "load1": 4 * level,
        "containers": float(number * 5 % 13),
    }.get(metric, 2_000_000 * level**3 * (1 + number % 3))  # fmt: skip
