"""What thousands of agents cost the hub, beside the bars.

    python benchmarks/ingest.py [--agents 5000] [--interval 5] [--seconds 180] [--flood 15]

`chatops serve` as a user starts it, and a swarm in a process of its own (benchmarks/swarm),
sharing the machine. Each agent begins with up to --prime samples of an outage (as many as make a
chunk), so that closing, which comes every so many samples of a server, falls evenly into the time
that is measured. Then, in
this order: CPU, memory and acks at the given pace; `exec` under that load; the peak, with few
agents"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import Load, MiB, end_with_all, resident  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.figures import Latencies  # noqa: E402
from benchmarks.swarm.keys import Keys, names, seed_servers  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402
from benchmarks.swarm.worker import Plan, Workers  # noqa: E402
from chatops.server.services.metrics.open_rows import CLOSE_AT  # noqa: E402

if TYPE_CHECKING:
    from tests.support.processes import Bench

FLOODERS = 150
"""Agents at the peak: what they may have under way fits into the hub's queue."""
PATIENCE = 300.0
AGENTS_PER_ADDRESS = 100


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=5000)
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--seconds", type=float, default=180.0, help="length of the measurement")
    parser.add_argument("--prime", type=int, default=CLOSE_AT, help="samples before, at most")
    parser.add_argument("--flood", type=float, default=15.0, help="seconds of the peak; 0: none")
    parser.add_argument("--runs", type=int, default=200, help="of exec under load")
    parser.add_argument("--connect-rate", type=float, default=50.0, help="agents a second")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    many_files()
    end_with_all()
    found = measure(given)
    bars = bars_for(given)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, bars)
    return 0 if all_kept(found, bars) else 1


def bars_for(given: argparse.Namespace) -> list[Bar]:
    """CPU and memory grow with the agents; the bars of what is not measured are left out."""
    rate = given.agents / given.interval
    bars = [
        Bar("hub_cpu", 25.0 * rate / 1000, "% of a core"),
        Bar("ack_p99", 500.0, "ms"),
        Bar("hub_rss", 110 + given.agents * 20 / 1024, "MiB"),
        Bar("lost", 0.0, "connections"),
        Bar("log_complaints", 0.0, "lines"),
    ]
    if given.runs:
        bars.append(Bar("exec_p99", 50.0, "ms"))
    if given.flood:
        bars.append(Bar("peak", 15_000.0, "samples/s", least=True))
    return bars


def measure(given: argparse.Namespace) -> Figures:
    """All figures; the peak has a hub of its own, which has nothing else to get over."""
    found: Figures = {"agents": given.agents}
    with hub(given.agents) as (place, keys):
        found |= at_pace(place, keys, given)
    if given.flood:
        with hub(FLOODERS) as (place, keys):
            found |= peak(place, keys, given.flood)
    return found


@contextmanager
def hub(servers: int) -> Iterator[tuple[Bench, Keys]]:
    """A fresh one with so many servers. What its log complains of is shown at the end."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        keys = seed_servers(place.folder / "hub", names(servers))
        place.start_hub()
        place.login()
        time.sleep(2.0)
        yield place, keys
        for text, count in Counter(complaints(place)).most_common(5):
            print(f"the hub's log, {count} times: {text[:150]}", file=sys.stderr)


def complaints(place: Bench) -> list[str]:
    """The lines of the hub's log at warning or above, without time and facts."""
    lines = re.findall(rb"^\S+Z (?:warning|error) +(.*)", place.programs[0].said, re.MULTILINE)
    return [re.sub(r"\S+=\S.*|\d+", "N", line.decode()) for line in lines]


def at_pace(place: Bench, keys: Keys, given: argparse.Namespace) -> Figures:
    """The hub while all agents send at their pace, then `exec` at the same time."""
    pid = place.programs[0].process.pid
    idle = resident(pid) / MiB
    behaviour = Behaviour(
        interval=given.interval, backlog=given.prime, spread=True, connect_rate=given.connect_rate
    )
    addresses = max(1, len(keys) // AGENTS_PER_ADDRESS)
    with Workers(Plan(place.url, keys, behaviour, addresses)) as swarm:
        found: Figures = {"idle_rss": idle, "settled_s": settle(swarm, given.interval)}
        load, own = Load(pid), Load(swarm.workers[0].pid)
        time.sleep(given.seconds)
        found |= {
            "hub_cpu": load.percent,
            "hub_kept_waiting": load.waited,
            "swarm_cpu": own.percent,
        }
        seen = swarm.take()
        summary = seen.summary()
        found |= {
            "samples_ps": summary["acked_ps"],
            "ack_p50": summary["ack_p50_ms"],
            "ack_p99": summary["ack_p99_ms"],
            "ack_max": summary["ack_max_ms"],
            "hub_rss": resident(pid) / MiB,
            "lost": float(seen.lost.total()),
        }
        found["kib_per_agent"] = (found["hub_rss"] - idle) * 1024 / given.agents
        if given.runs:
            found |= exec_under_load(place, next(iter(keys)), given.runs)
        found["log_complaints"] = len(complaints(place))
    return found


def settle(swarm: Workers, interval: float) -> float:
    """Wait until all are connected and have sent what they began with; seconds it took."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        time.sleep(5.0)
        seen = swarm.take()
        print(f"{seen.connected} of {seen.agents} connected", file=sys.stderr)
        if seen.connected == seen.agents and seen.waiting < max(2 * seen.agents / interval, 10):
            time.sleep(interval)
            swarm.take()
            return time.monotonic() - began
    raise SystemExit(f"the swarm did not settle: {seen.summary()}")


def exec_under_load(place: Bench, server: str, runs: int) -> Figures:
    """`true` on a kept connection, on one agent of the swarm."""
    took = Latencies()
    with place.client() as client:
        for number in range(runs + 20):
            began = time.perf_counter()
            (result,) = client.commands.run(server, "true")
            assert result.status == "succeeded", result
            if number >= 20:
                took.add(time.perf_counter() - began)
    return {"exec_p50": took.percentile(50) * 1000, "exec_p99": took.percentile(99) * 1000}


def peak(place: Bench, keys: Keys, seconds: float) -> Figures:
    """Samples a second that are committed and acked when nobody waits."""
    pid = place.programs[0].process.pid
    with Workers(Plan(place.url, keys, Behaviour(flood="acks", connect_rate=100), 4)) as swarm:
        while swarm.take().connected < len(keys):
            time.sleep(0.5)
        time.sleep(2.0)
        swarm.take()
        load, own = Load(pid), Load(swarm.workers[0].pid)
        time.sleep(seconds)
        found = {
            "peak_hub_cpu": load.percent,
            "peak_kept_waiting": load.waited,
            "peak_swarm_cpu": own.percent,
        }
        seen = swarm.take().summary()
    found["peak_per_cpu_s"] = 100 * seen["acked_ps"] / found["peak_hub_cpu"]
    return {"peak": seen["acked_ps"], "peak_ack_p99": seen["ack_p99_ms"], **found}


if __name__ == "__main__":
    sys.exit(main())
