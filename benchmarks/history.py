"""How long a day of one metric takes through REST, beside the bars.

    python benchmarks/history.py [--servers 3] [--rounds 300]

A hub whose servers have a day of samples at 5 s, as agents send them; asked on a connection that
is kept, with nothing else to do. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import end_with_all  # noqa: E402
from benchmarks.swarm.keys import names, seed_servers, server_ids  # noqa: E402
from benchmarks.swarm.samples import Walk  # noqa: E402

if TYPE_CHECKING:
    from benchmarks._seeding import Taken
    from tests.support.processes import Bench

DAY = 86_400
INTERVAL = 5
PAUSE = 0.003
"""Seconds between requests: the hub bounds how many one address may send."""
QUERIES = {
    "day_1m": {"metric": ["cpu"], "step": "1m"},
    "day_1m_of_5": {"metric": ["cpu", "memory", "disk", "load1", "net.rx"], "step": "1m"},
    "day_10m": {"metric": ["cpu"], "step": "10m"},
    "hour_raw": {"metric": ["cpu"]},
}
BARS = [Bar("day_1m_p50", 8.0, "ms", aim=2.6)]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, default=3, help="with a day of samples each")
    parser.add_argument("--rounds", type=int, default=300, help="requests of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    end_with_all()
    found = measure(given.servers, given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


def measure(servers: int, rounds: int) -> Figures:
    """All figures, of one hub."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        folder = place.folder / "hub"
        seed_servers(folder, names(servers))
        ids = server_ids(folder)
        asyncio.run(seed(folder, list(ids.values())))
        place.start_hub()
        found: Figures = {}
        for case, query in QUERIES.items():
            span = 3600 if "step" not in query else DAY
            found |= {f"{case}_{k}": v for k, v in ask(place, list(ids), query, span, rounds)}
        return found


async def seed(folder: Path, ids: list[str]) -> None:
    """A day until now for each server."""
    from benchmarks._seeding import seeding

    walk = Walk()
    async with seeding(folder) as seeder:
        for number, server_id in enumerate(ids):
            await seeder.write(server_id, day(walk, number * 1000))


def day(walk: Walk, first: int) -> Iterator[Taken]:
    """A day of samples until now."""
    begin = time.time() - DAY
    for number in range(DAY // INTERVAL):
        yield begin + number * INTERVAL, walk.text(first + number)


def ask(
    place: Bench, servers: list[str], query: Mapping[str, object], span: int, rounds: int
) -> Iterator[tuple[str, float]]:
    """Rows and milliseconds of a request for that span, the servers in turn."""
    from chatops.client import Client
    from chatops.units import format_time
    from tests.support.processes import PASSWORD

    until = time.time()
    times = {"since": format_time(until - span), "until": format_time(until)}
    words = urlencode({**query, **times, "limit": 10_000}, doseq=True)
    pair = Client(place.url).auth.login("admin", PASSWORD)
    headers = {"Authorization": f"Bearer {pair.access_token}"}
    connection = http.client.HTTPConnection(urlsplit(place.url).netloc)
    took, rows = [], 0
    for number in range(rounds + 20):
        time.sleep(PAUSE)
        began = time.perf_counter()
        server = servers[number % len(servers)]
        connection.request("GET", f"/api/v1/metrics/{server}/history?{words}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if number >= 20:  # before, what is loaded at the first use
            took.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200, body
        rows = len(json.loads(body)["items"])
    took.sort()
    yield from (
        ("rows", float(rows)),
        ("p50", took[rounds // 2]),
        ("p99", took[rounds * 99 // 100]),
    )


if __name__ == "__main__":
    sys.exit(main())
