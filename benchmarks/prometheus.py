"""What a scrape of a whole fleet costs, beside the bars.

    python benchmarks/prometheus.py [--agents 1000] [--interval 5] [--seconds 30] [--every 2]

`chatops serve` as a user starts it, and a swarm in a process of its own (benchmarks/swarm). For so
many seconds nobody scrapes; then `/metrics?fleet=1` is asked for, plain and compressed by turns,
every so many seconds. What agents wait for their acks is measured in both, by the same swarm; what
`/health` takes meanwhile shows how long the event loop is held."""

from __future__ import annotations

import argparse
import http.client
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import Load, MiB, end_with_all, resident  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.figures import Latencies  # noqa: E402
from benchmarks.swarm.keys import Keys, names, seed_servers  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402
from benchmarks.swarm.worker import Plan, Workers  # noqa: E402

if TYPE_CHECKING:
    from tests.support.processes import Bench

BARS = [
    Bar("scrape_p50", 300.0, "ms"),
    Bar("scraped_ack_p99", 500.0, "ms"),
    Bar("lost", 0.0, "connections"),
]
AGENTS_PER_ADDRESS = 100
PATIENCE = 120.0
PROBE = 0.015
"""Seconds between two looks at how long others wait."""


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=1000)
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--seconds", type=float, default=30.0, help="length of each measurement")
    parser.add_argument("--every", type=float, default=2.0, help="seconds between scrapes")
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
    """A fresh one with so many servers."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        keys = seed_servers(place.folder / "hub", names(servers))
        place.start_hub()
        place.login()
        yield place, keys


def measure(place: Bench, keys: Keys, given: argparse.Namespace) -> Figures:
    """All figures."""
    pid = place.programs[0].process.pid
    behaviour = Behaviour(interval=given.interval, connect_rate=100)
    addresses = max(1, len(keys) // AGENTS_PER_ADDRESS)
    with Workers(Plan(place.url, keys, behaviour, addresses)) as swarm:
        settle(swarm, given.interval)
        load, before = Load(pid), resident(pid) / MiB
        time.sleep(given.seconds)
        quiet = swarm.take().summary()
        found: Figures = {
            "quiet_ack_p50": quiet["ack_p50_ms"],
            "quiet_ack_p99": quiet["ack_p99_ms"],
            "quiet_hub_cpu": load.percent,
            "quiet_rss": before,
        }
        load = Load(pid)
        found |= scrapes(place, given)
        seen = swarm.take()
        summary = seen.summary()
        found |= {
            "scraped_ack_p50": summary["ack_p50_ms"],
            "scraped_ack_p99": summary["ack_p99_ms"],
            "scraped_ack_max": summary["ack_max_ms"],
            "scraped_hub_cpu": load.percent,
            "hub_kept_waiting": load.waited,
            "scraped_rss": resident(pid) / MiB,
            "lost": float(seen.lost.total()),
        }
    return found


def settle(swarm: Workers, interval: float) -> None:
    """Wait until all are connected and have sent a sample."""
    began = time.monotonic()
    while time.monotonic() < began + PATIENCE:
        time.sleep(1.0)
        seen = swarm.take()
        if seen.connected == seen.agents:
            time.sleep(2 * interval)
            swarm.take()
            return
    raise SystemExit(f"the swarm did not settle: {seen.summary()}")


def scrapes(place: Bench, given: argparse.Namespace) -> Figures:
    """Times and sizes of scrapes, and how long others wait for an answer meanwhile."""
    done = place.run("tokens", "create", "prom", "--role", "viewer", "-q")
    token = done.out.strip()
    took = {"identity": Latencies(), "gzip": Latencies()}
    sizes = dict.fromkeys(took, 0.0)
    lines = 0
    with probe(place) as waited:
        until = time.monotonic() + given.seconds
        while time.monotonic() < until:
            for encoding, latencies in took.items():
                began = time.perf_counter()
                body = get(place, "/metrics?fleet=1", token, encoding)
                latencies.add(time.perf_counter() - began)
                sizes[encoding] = len(body) / MiB
                lines = lines or body.count(b"\n")
                time.sleep(given.every)
    return {
        "scrape_p50": took["identity"].percentile(50) * 1000,
        "scrape_p99": took["identity"].percentile(99) * 1000,
        "gzip_scrape_p50": took["gzip"].percentile(50) * 1000,
        "lines": float(lines),
        "mib": sizes["identity"],
        "gzip_mib": sizes["gzip"],
        "health_p50": waited.percentile(50) * 1000,
        "health_max": waited.percentile(100) * 1000,
    }


@contextmanager
def probe(place: Bench) -> Iterator[Latencies]:
    """Asks for ``/health`` all the time: the slowest answer is how long the event loop was held,
    at most."""
    took, over = Latencies(), threading.Event()

    def ask() -> None:
        link = http.client.HTTPConnection(urlsplit(place.url).netloc)
        while not over.wait(PROBE):
            began = time.perf_counter()
            link.request("GET", "/api/v1/health")
            answer = link.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            took.add(time.perf_counter() - began)
        link.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield took
    finally:
        over.set()
        asking.join()


def get(place: Bench, path: str, token: str, encoding: str) -> bytes:
    """The body of an answer, as it was sent."""
    link = http.client.HTTPConnection(urlsplit(place.url).netloc)
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": encoding}
    link.request("GET", path, headers=headers)
    answer = link.getresponse()
    body = answer.read()
    assert answer.status == 200, body[:500]
    link.close()
    return body


if __name__ == "__main__":
    sys.exit(main())
