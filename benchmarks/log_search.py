"""How long searches in many stored lines take through REST, and how much of the disk they need.

    python benchmarks/log_search.py [--lines 10000000] [--folder DIR] [--rounds 30]

The lines of 100 servers, of the last ten days, stored as a hub stores them; only the agents'
sockets are left out. With --folder they are kept and used again. Then a hub is started on them and
asked on a connection that is kept, with nothing else to do. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import MiB, end_with_all, resident  # noqa: E402
from benchmarks.swarm.figures import Latencies  # noqa: E402
from benchmarks.swarm.keys import names, seed_servers, server_ids  # noqa: E402
from benchmarks.swarm.log_lines import lines  # noqa: E402
from chatops.clock import FakeClock  # noqa: E402
from chatops.heap import settle_down  # noqa: E402
from chatops.server.crud import log_entries, log_parts  # noqa: E402
from chatops.server.crud.log_entries import NewLogEntry  # noqa: E402
from chatops.server.db.engine import Database  # noqa: E402
from chatops.server.services.log_upkeep import LogUpkeep  # noqa: E402
from chatops.server.settings import HubSettings  # noqa: E402

if TYPE_CHECKING:
    from tests.support.processes import Bench

SERVERS = 100
DAYS = 10
POOL = 200_000
"""Different lines; each has a number besides that no other one has."""
BATCH = 500
QUIET = "swarm-00099"
"""A server with one line in ten thousand."""
NEEDLES = 20
BARS = [Bar("rare_p50", 100.0, "ms")]
QUERIES: dict[str, dict[str, Any]] = {
    "rare": {"query": "needle{}"},
    "absent": {"query": "haystack{}"},
    "common": {"query": "http"},
    "two_common": {"query": "failed user{}"},
    "phrase": {"query": '"connection timeout" leader'},
    "address": {"query": "10.1.{0}.7"},
    "prefix": {"query": "needl*"},
    "short_prefix": {"query": "e*"},
    "common_one_server": {"query": "http", "target": QUIET},
    "common_critical": {"query": "leader", "level": "critical"},
    "never_together": {"query": "sshd leader"},
    "rare_last_hour": {"query": "needle{}", "since": 3600.0},
    "common_last_hour": {"query": "http", "since": 3600.0},
    "all_of_one_server": {"target": QUIET},
    "errors": {"level": "critical"},
}


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=10_000_000)
    parser.add_argument("--folder", type=Path, help="of the hub, made if it is not there")
    parser.add_argument("--rounds", type=int, default=30, help="of each search")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    end_with_all()
    settle_down()  # as a hub does
    with tempfile.TemporaryDirectory() as name:
        folder = given.folder or Path(name) / "hub"
        found: Figures = {"lines": given.lines}
        if not (folder / "logs.db").exists():
            found |= asyncio.run(build(folder, given.lines))
        found |= asyncio.run(sizes(folder))
        found |= searches(folder, given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


# -- the lines --------------------------------------------------------------------------------


async def build(folder: Path, count: int) -> Figures:
    """Write them; what it costs."""
    await asyncio.to_thread(seed_servers, folder, names(SERVERS))
    servers = await asyncio.to_thread(server_ids, folder)
    database = await Database.open(folder / "logs.db")
    clock = FakeClock(time.time() - DAYS * 86_400)
    upkeep = LogUpkeep(database, HubSettings, clock)
    pool = list(islice(lines(1), POOL))
    cost = {"store": 0.0, "upkeep": 0.0}
    try:
        for begin in range(0, count, BATCH):
            rows = rows_of(
                pool, servers, range(begin, min(begin + BATCH, count)), clock.now(), count
            )
            before = time.process_time()
            await database.transact(lambda tx, rows=rows: log_entries.insert_many(tx, rows))  # type: ignore[misc]
            cost["store"] += time.process_time() - before
            clock.advance(DAYS * 86_400 * len(rows) / count)
            if begin % 100_000 == 0:
                before = time.process_time()
                await upkeep.once()
                await database.tidy()
                cost["upkeep"] += time.process_time() - before
                print(f"{begin:,} lines", file=sys.stderr)
        await upkeep.once()
    finally:
        await database.close()
    return {f"{what}_us_per_line": 1e6 * seconds / count for what, seconds in cost.items()}


def rows_of(
    pool: list[tuple[str, str]], servers: dict[str, str], numbers: range, at: float, count: int
) -> list[NewLogEntry]:
    """Lines that are received at one time, with their numbers among all."""
    found: list[NewLogEntry] = []
    for number in numbers:
        level, text = pool[(number * 7919) % POOL]
        needle = f" needle{number * NEEDLES // count}" if on_needle(number, count) else ""
        found.append(
            NewLogEntry(
                server_id=servers[server_of(number)], ts=at, received_at=at, level=level,
                source=f"/var/log/app-{number // 50 % 7}.log", message=f"{text} n={number}{needle}",
            )
        )  # fmt: skip
    return found


def on_needle(number: int, count: int) -> bool:
    """Whether a line has a word that no other one has; they are spread over all lines."""
    return number * NEEDLES // count != (number - 1) * NEEDLES // count


def server_of(number: int) -> str:
    """Lines come fifty at a time from a server."""
    return QUIET if number % 10_000 == 0 else f"swarm-{number // 50 % (SERVERS - 1):05}"


async def sizes(folder: Path) -> Figures:
    """Bytes a line: of all that is used in the file, and of the messages alone."""
    database = await Database.open(folder / "logs.db")
    try:
        used = await database.look(log_entries.used)
        count = await database.look(log_entries.next_id) - 1
        parts = await database.look(lambda tx: log_parts.parts(tx, count + 1))
    finally:
        await database.close()
    return {
        "bytes_per_line": used / count,
        "message_bytes_per_line": sum(part.size for part in parts) / count,
        "parts": len(parts),
    }


# -- the searches -----------------------------------------------------------------------------


def searches(folder: Path, rounds: int) -> Figures:
    """Each kind in turn, a hundred lines at most, on a hub of its own."""
    from tests.support.processes import bench

    found: Figures = {}
    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        place.start_hub(folder)
        place.login()
        pid = place.programs[0].process.pid
        took = {kind: Latencies() for kind in QUERIES}
        hits: dict[str, int] = {}
        before = resident(pid) / MiB
        for number in range(rounds):
            for kind, seconds, count in one_of_each(place, number):
                took[kind].add(seconds)
                hits[kind] = count
        for kind, times in took.items():
            found[f"{kind}_p50"] = times.percentile(50) * 1000
            found[f"{kind}_p99"] = times.percentile(99) * 1000
            found[f"{kind}_hits"] = hits[kind]
        found["hub_rss_before"], found["hub_rss"] = before, resident(pid) / MiB
    return found


def one_of_each(place: Bench, number: int) -> Iterator[tuple[str, float, int]]:
    """Kind, seconds and how many lines were found."""
    from chatops.errors import TimedOut

    with place.client() as client:
        for kind, asked in QUERIES.items():
            options = dict(asked)
            query = options.pop("query", None)
            if query is not None:
                query = query.format(number % NEEDLES)
            if "since" in options:
                options["since"] = time.time() - options["since"]
            began = time.perf_counter()
            try:
                count = len(list(client.logs.search(query, limit=100, **options)))
            except TimedOut:
                count = -1
            yield kind, time.perf_counter() - began, count


if __name__ == "__main__":
    sys.exit(main())
