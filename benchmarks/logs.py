"""What shipped log lines cost the hub, beside the bars.

    python benchmarks/logs.py [--agents 100] [--rate 20000] [--seconds 60] [--flood 15]

`chatops serve` as a user starts it, and a swarm in a process of its own (benchmarks/swarm) that
ships lines from each agent, sharing the machine. First without lines, then at --rate lines a
second, with `exec` besides, and the peak: as fast as acks make room. A line that is acked is
committed and in the index; a search for the newest one shows it at the end. Exit status 1 when a
bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import Load, MiB, cpu_seconds, end_with_all, resident  # noqa: E402
from benchmarks.ingest import complaints, exec_under_load  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.keys import Keys, names, seed_servers  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402
from benchmarks.swarm.worker import Plan, Workers  # noqa: E402
from chatops.server.crud import log_entries  # noqa: E402
from chatops.server.db.engine import Database  # noqa: E402

if TYPE_CHECKING:
    from tests.support.processes import Bench

CALM = 10.0
"""Seconds without lines, to know what the agents cost by themselves."""
BARS = [
    Bar("lines_ps", 20_000.0, "lines/s", least=True),
    Bar("exec_p99", 50.0, "ms"),
    Bar("missing", 0.0, "lines"),
    Bar("log_complaints", 0.0, "lines"),
]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=100)
    parser.add_argument("--rate", type=float, default=20_000.0, help="lines a second of all")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement")
    parser.add_argument("--flood", type=float, default=15.0, help="seconds of the peak; 0: none")
    parser.add_argument("--runs", type=int, default=200, help="of exec under load")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    many_files()
    end_with_all()
    with hub(given.agents) as (place, keys):
        found = measure(place, keys, given)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


@contextmanager
def hub(servers: int) -> Iterator[tuple[Bench, Keys]]:
    """A fresh one with so many servers, and their keys."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        keys = seed_servers(place.folder / "hub", names(servers))
        place.start_hub()
        place.login()
        yield place, keys


def measure(place: Bench, keys: Keys, given: argparse.Namespace) -> Figures:
    """The hub without lines, at the given rate, with exec besides, and at its peak."""
    pid = place.programs[0].process.pid
    calm = Behaviour(interval=5.0, connect_rate=100)
    with Workers(Plan(place.url, keys, calm, 4)) as swarm:
        while swarm.take().connected < len(keys):
            time.sleep(0.5)
        load = Load(pid)
        time.sleep(CALM)
        found: Figures = {"calm_cpu": load.percent, "calm_rss": resident(pid) / MiB}
        if given.runs:
            calmly = exec_under_load(place, next(iter(keys)), given.runs)
            found |= {f"calm_{name}": value for name, value in calmly.items()}
        swarm.behave(Behaviour(interval=5.0, logs=given.rate / len(keys)))
        time.sleep(3.0)
        found |= at_rate(pid, swarm, given.seconds, found["calm_cpu"])
        if given.runs:
            found |= exec_under_load(place, next(iter(keys)), given.runs)
            found["exec_p99_ratio"] = found["exec_p99"] / found["calm_exec_p99"]
        if given.flood:
            found |= peak(pid, swarm, given.flood)
        swarm.behave(calm)
        time.sleep(2.0)
        taken = swarm.take()
    found["lost"] = float(taken.lost.total())
    found["log_complaints"] = len(complaints(place))
    return found | asyncio.run(stored(place))


def at_rate(pid: int, swarm: Workers, seconds: float, calm: float) -> Figures:
    """Lines a second, and what one takes of the hub's CPU."""
    swarm.take()
    load, own, begun = Load(pid), Load(swarm.workers[0].pid), cpu_seconds(pid)
    time.sleep(seconds)
    found = {
        "hub_cpu": load.percent,
        "hub_kept_waiting": load.waited,
        "swarm_cpu": own.percent,
    }
    spent = cpu_seconds(pid) - begun - seconds * calm / 100
    seen = swarm.take()
    summary = seen.summary()
    return found | {
        "lines_ps": summary["lines_ps"],
        "us_per_line": 1e6 * spent / max(seen.lines, 1),
        "line_ack_p50": summary["line_ack_p50_ms"],
        "line_ack_p99": summary["line_ack_p99_ms"],
        "ack_p99": summary["ack_p99_ms"],
        "hub_rss": resident(pid) / MiB,
    }


def peak(pid: int, swarm: Workers, seconds: float) -> Figures:
    """Lines a second when nobody waits but for acks."""
    swarm.behave(Behaviour(interval=5.0, logs=-1))
    time.sleep(2.0)
    swarm.take()
    load, own, begun = Load(pid), Load(swarm.workers[0].pid), cpu_seconds(pid)
    time.sleep(seconds)
    found = {"peak_hub_cpu": load.percent, "peak_swarm_cpu": own.percent}
    spent = cpu_seconds(pid) - begun
    seen = swarm.take()
    return found | {
        "peak_ps": seen.lines / seen.seconds,
        "peak_us_per_line": 1e6 * spent / max(seen.lines, 1),
        "peak_ack_p99": seen.summary()["line_ack_p99_ms"],
        "peak_rss": resident(pid) / MiB,
    }


async def stored(place: Bench) -> Figures:
    """What a line takes of the disk, and whether the newest one cannot be found by its number."""
    database = await Database.open(place.folder / "hub" / "logs.db")
    try:
        used = await database.look(log_entries.used)
        count = await database.look(log_entries.next_id) - 1
    finally:
        await database.close()
    with place.client() as client:
        (newest,) = client.logs.search("n*", limit=1)
        word = newest.message.rpartition(" n=")[2].split()[0]
        found = list(client.logs.search(f'"n {word}"', target=newest.server, limit=1))
    return {
        "stored": count,
        "bytes_per_line": used / count,
        "missing": float(found != [newest]),
    }


if __name__ == "__main__":
    sys.exit(main())
