"""What rules cost: 10,000 of them on 1,000 servers, beside the way of a sample to disk.

    python benchmarks/alerts.py [--rules 10000] [--servers 1000] [--rounds 20]

A hub's own services in this process, without sockets: frames of samples are decoded, taken,
committed, acked, judged by all rules that are for the server, and what changes is written. The
CPU time of the judgment is taken out of that of the whole (`judging_of_this`, per cent). A hub
spends more on a sample, for its socket and on closing: the bar is of that, which
benchmarks/ingest.py measures as a part of this run, with a swarm of as many servers (`sample_us`),
and at its peak, where a sample costs least (`judging_of_peak`). Of the rules most are for all
servers, some for a tag, some for one server, on all kinds of metrics; one server in twenty has an
alert that fires. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import MiB, resident  # noqa: E402
from benchmarks.swarm.samples import Walk  # noqa: E402
from chatops.protocol.codec import encode, from_agent  # noqa: E402
from chatops.protocol.messages import Metrics  # noqa: E402
from chatops.protocol.metrics import Sample  # noqa: E402
from chatops.protocol.target import parse_target  # noqa: E402
from chatops.server.app import Hub, open_hub  # noqa: E402
from chatops.server.crud import servers as servers_crud  # noqa: E402
from chatops.server.db.migrate import migrate  # noqa: E402
from chatops.server.secrets import load_secrets  # noqa: E402
from chatops.server.services.agent_manager import AgentSession  # noqa: E402
from chatops.server.services.alerting.plans import Scope  # noqa: E402
from chatops.server.services.alerting.rule import Rule, default_clear, parse_watched  # noqa: E402
from chatops.server.settings import HubSettings  # noqa: E402

METRICS = (
    "cpu", "cpu.iowait", "load1", "load5", "memory", "memory.available", "swap", "disk", "disk:*",
    "disk:/", "disk.free", "disk.inodes:*", "disk.read", "net.rx", "net.tx:*", "processes",
    "uptime", "clock.skew", "offline",
)  # fmt: skip
TAGS = 100
BARS = [Bar("judging", 10.0, "% of ingest"), Bar("rules_rss", 64.0, "MiB")]


class Silent:
    """A connection that takes all and sends nothing."""

    address = "127.0.0.1"

    def post(self, frame: str | bytes) -> bool:
        """Take a frame."""
        return True

    def post_all(self, frames: Any) -> bool:
        """Take several."""
        return True

    def close(self, reason: Any, message: str | None = None) -> None:
        """Nobody is there."""


class Timed:
    """The judgment, with a watch, whose own cost is taken out: the first look at a sample when it
    comes, and what is done with it once it is committed. ``samples`` are those that are."""

    def __init__(self, hub: Hub) -> None:
        self.seconds, self.samples = 0.0, 0
        self._own, self._within = cost_of_a_watch(), False
        alerting: Any = hub.services.alerting
        for name in ("sees", "heard", "check_metrics_against_thresholds"):
            setattr(alerting, name, self._timed(getattr(alerting, name), name == "heard"))

    def _timed(self, work: Callable[..., Any], committed: bool) -> Callable[..., Any]:
        def timed(*given: Any, **more: Any) -> Any:
            self.samples += committed
            if self._within:  # one of them calls another
                return work(*given, **more)
            self._within, began = True, time.thread_time()
            try:
                return work(*given, **more)
            finally:
                self.seconds += time.thread_time() - began - self._own
                self._within = False

        return timed


def cost_of_a_watch() -> float:
    """Seconds that reading the clock twice puts between."""
    began = time.thread_time()
    for _ in range(10_000):
        time.thread_time()
    return (time.thread_time() - began) / 10_000


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rules", type=int, default=10_000)
    parser.add_argument("--servers", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=20, help="samples of each server")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = asyncio.run(measure(given))
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


def cost_of_a_sample(servers: int) -> tuple[float, float]:
    """Microseconds of CPU that a sample costs a real hub with its sockets: as so many servers send
    them, and at its peak."""
    script = str(ROOT / "benchmarks" / "ingest.py")
    options = {"agents": servers, "interval": 5, "seconds": 30, "prime": 5, "runs": 1, "flood": 15}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, script, "--json", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    found = json.loads(done.stdout)
    return 1e4 * found["hub_cpu"] / found["samples_ps"], 1e6 / found["peak_per_cpu_s"]


async def measure(given: argparse.Namespace) -> Figures:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "hub"
        folder.mkdir(mode=0o700)
        migrate(folder)
        settings = HubSettings(port=0, data_dir=folder)
        async with open_hub(settings, load_secrets(folder)) as hub:
            ids = await add_servers(hub, given.servers)
            before = resident(os.getpid()) / MiB
            add_rules(hub, ids, given.rules)
            found: Figures = {"rules": len(hub.services.alerting.plans)}
            found |= await rounds(hub, ids, given.rounds, before)
            sample, peak = cost_of_a_sample(given.servers)
            found |= {"sample_us": sample, "judging_of_peak": 100 * found["judging_us"] / peak}
            return found | {"judging": 100 * found["judging_us"] / sample}


async def add_servers(hub: Hub, number: int) -> list[str]:
    """A fleet; each server has one of TAGS tags."""
    async with hub.databases.chatops.write() as session:
        rows = [
            await servers_crud.create(
                session, name=f"server-{n}", owner_id=None, tags={"group": str(n % TAGS)}, now=1.0
            )
            for n in range(number)
        ]
    await hub.services.alerting.look()
    return [row.id for row in rows]


def add_rules(hub: Hub, ids: list[str], number: int) -> None:
    """Rules that seldom hold, but for one in twenty servers."""
    chosen = random.Random(1)
    for n in range(number):
        kind = n % 5
        target = "all" if kind < 3 else f"tag:group={n % TAGS}" if kind == 3 else ids[n % len(ids)]
        metric, above = METRICS[n % len(METRICS)], n % 2 == 0
        value = chosen.randint(1, 20) * (1e15 if above else -1e15)  # round, as people's are
        put(hub, n, metric, "gt" if above else "lt", value, target)
    for n in range(0, len(ids), 20):
        put(hub, number + n, "memory", "ge", 0.0, ids[n])


def put(hub: Hub, number: int, metric: str, op: Any, value: float, target: str) -> None:
    """One rule, past its row."""
    rule = Rule(
        id=f"rule-{number}", name=f"rule-{number}", watched=parse_watched(metric), op=op,
        value=value, clear=default_clear(op, value), for_s=0.0, severity="warning",
    )  # fmt: skip
    hub.services.alerting.plans.put(rule, Scope(parse_target(target), None))


async def rounds(hub: Hub, ids: list[str], number: int, before: float) -> Figures:
    """Samples of all servers, round after round."""
    walk = Walk(2)
    decode, metrics, timed = from_agent().decode, hub.services.metrics, Timed(hub)
    sessions = [session_of(hub, one) for one in ids]
    await one_round(metrics, decode, sessions, walk, timed, 1)
    await hub.services.alerting.drain()
    await hub.services.alerting.tick()
    first, timed.seconds = timed.seconds, 0.0  # with all that is worked out when it is needed
    began, wall = time.process_time(), time.perf_counter()
    for n in range(number):
        await one_round(metrics, decode, sessions, walk, timed, n + 2)
    whole, took = time.process_time() - began, time.perf_counter() - wall
    samples = number * len(ids)
    began = time.process_time()
    await hub.services.alerting.tick()
    return {
        "alerts": sum(1 for _ in hub.services.alerting.machine),
        "first_round_ms": 1000 * first,
        "judging_us": 1e6 * timed.seconds / samples,
        "ingest_us": 1e6 * (whole - timed.seconds) / samples,
        "samples_ps": samples / took,
        "judging_of_this": 100 * timed.seconds / (whole - timed.seconds),
        "tick_ms": 1000 * (time.process_time() - began),
        "rules_rss": resident(os.getpid()) / MiB - before,
    }


async def one_round(
    metrics: Any, decode: Any, sessions: list[AgentSession], walk: Walk, timed: Timed, seq: int
) -> None:
    """A sample of each server, by the way of all samples."""
    sample = msgspec.json.decode(walk.text(seq), type=Sample)
    frame = encode(Metrics(epoch="e", seq=seq, ts=time.time(), data=sample, age=0.0))
    for session in sessions:
        metrics.submit(session, decode(frame), frame)
    while timed.samples < len(sessions) * seq:
        await asyncio.sleep(0.001)


def session_of(hub: Hub, server_id: str) -> AgentSession:
    """A server's agent, as if it was connected."""
    return hub.services.agents.register_agent(server_id, Silent(), server_name=server_id)


if __name__ == "__main__":
    sys.exit(main())
