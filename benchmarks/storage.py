"""What samples take on disk once they are closed, and what closing and retention cost.

    python benchmarks/storage.py [--hosts 50] [--hours 24] [--servers 1000]

First random walks of 12 gauges a host at 5 s, the same values also in blocks of Debian's
Prometheus if it is installed (`promtool`). Then servers with samples like those of real agents:
what it costs to close their samples and to take a day of them away again, worked out for a day
of --servers, and how long the writer was held at most. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._seeding import Hold, Seeder, Taken, holds, seeding  # noqa: E402
from benchmarks.swarm.samples import Walk  # noqa: E402
from chatops.heap import settle_down  # noqa: E402
from chatops.server.db.migrate import migrate  # noqa: E402
from chatops.server.housekeeping import STEP  # noqa: E402
from chatops.server.services.metrics.latest import LatestSamples  # noqa: E402
from chatops.server.services.metrics.open_rows import CLOSE_AT, CLOSE_MOST, Known, OpenRows  # noqa: E402
from chatops.server.services.metrics.retention import Retention  # noqa: E402
from chatops.server.services.metrics.span import Kept  # noqa: E402

DAY = 86_400
INTERVAL = 5
CHUNKS_A_DAY = DAY // INTERVAL // CLOSE_AT
GAUGES = 12
PROMETHEUS_HOSTS = 5
BARS = [
    Bar("bytes_per_value", 1.5, "bytes", aim=1.1),
    Bar("longest_hold", 20.0, "ms"),
]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=50, help="with 12 gauges")
    parser.add_argument("--hours", type=float, default=24.0, help="of their samples")
    parser.add_argument("--servers", type=int, default=1000, help="of which a day is worked out")
    parser.add_argument("--measured", type=int, default=50, help="of these are really there")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    settle_down()  # as a hub does: collecting garbage would be half of the cost else
    found = gauges(given.hosts, round(given.hours * 3600 / INTERVAL))
    found |= prometheus(round(given.hours * 3600 / INTERVAL))
    if "prometheus" in found:
        found["of_prometheus"] = found["bytes_per_value"] / found["prometheus"]
    found |= asyncio.run(costs(given.servers, given.measured))
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    if "prometheus" not in found:
        print("promtool is missing: `apt-get install prometheus` brings it", file=sys.stderr)
    return 0 if all_kept(found, BARS) else 1


# -- bytes ------------------------------------------------------------------------------------


def gauges(hosts: int, samples: int) -> Figures:
    """Bytes a value: of the table with its indexes, of the packed columns alone, and of the levels.

    Only the twelve are counted; what else is stored of each sample (its time, the clock's skew,
    the fullest of the disks) is their cost.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        migrate(folder)
        seeder = asyncio.run(seed_gauges(folder, hosts, samples))
        with sqlite3.connect(folder / "metrics.db") as database:
            packed, rows = database.execute(
                "SELECT sum(length(data)), sum(samples) FROM metric_chunks"
            ).fetchone()
            table = used_by(database, "metric_chunks")
            levels = used_by(database, "metric_levels")
        values = rows * GAUGES
        assert values == hosts * samples * GAUGES, "not all samples are closed"
        return {
            "hosts": hosts,
            "values": values,
            "bytes_per_value": table / values,
            "packed_per_value": packed / values,
            "levels_per_value": levels / values,
            "ms_per_chunk_of_12": seeder.closing / seeder.closed * 1000,
        }


async def seed_gauges(folder: Path, hosts: int, samples: int) -> Seeder:
    """A host after the other."""
    async with seeding(folder) as seeder:
        for host in range(hosts):
            await seeder.write(f"host-{host}", (as_sample(*one) for one in walks(host, samples)))
        return seeder


def used_by(database: sqlite3.Connection, table: str) -> int:
    """Bytes of the pages of a table and its indexes."""
    query = """SELECT sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) WHERE tbl_name = ?"""
    (size,) = database.execute(query, (table,)).fetchone()
    return int(size)


def walks(host: int, samples: int) -> Iterator[tuple[float, list[float]]]:
    """Times, and values of twelve gauges between 0 and 100, of two decimals; an agent's time
    jitters by some milliseconds."""
    chance = random.Random(host)
    begin = time.time() // DAY * DAY - DAY
    values = [chance.uniform(10, 90) for _ in range(GAUGES)]
    for number in range(samples):
        values = [min(max(value + chance.gauss(0, 0.5), 0.0), 100.0) for value in values]
        ts = begin + number * INTERVAL + chance.uniform(0, 0.02)
        yield round(ts, 3), [round(value, 2) for value in values]


def as_sample(ts: float, values: list[float]) -> Taken:
    """These gauges as an agent would send them: metrics of its own that have two decimals."""
    cpu, iowait, steal, load1, load5, load15, memory, swap, *inodes = values
    disks = [{"mount": f"/{n}", "inodes_percent": value} for n, value in enumerate(inodes)]
    sample = {
        "cpu": {"percent": cpu, "iowait": iowait, "steal": steal},
        "load": [load1, load5, load15],
        "memory": {"percent": memory},
        "swap": {"percent": swap},
        "disks": disks,
    }
    return ts, json.dumps(sample).encode()


def prometheus(samples: int) -> Figures:
    """Bytes a value of the same in one block of Prometheus' for all the time; nothing without
    promtool."""
    promtool = shutil.which("promtool")
    if promtool is None:
        return {}
    with tempfile.TemporaryDirectory() as name:
        text, data = Path(name) / "text", Path(name) / "data"
        with text.open("w") as out:
            for gauge in range(GAUGES):
                out.write(f"# TYPE gauge_{gauge} gauge\n")
                for host in range(PROMETHEUS_HOSTS):
                    out.writelines(
                        f'gauge_{gauge}{{host="{host}"}} {values[gauge]} {ts}\n'
                        for ts, values in walks(host, samples)
                    )
            out.write("# EOF\n")
        words = [promtool, "tsdb", "create-blocks-from", "openmetrics", "--max-block-duration=24h"]
        subprocess.run([*words, str(text), str(data)], check=True, capture_output=True)
        size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    return {"prometheus": size / (samples * PROMETHEUS_HOSTS * GAUGES)}


# -- cost -------------------------------------------------------------------------------------


async def costs(servers: int, measured: int) -> Figures:
    """What a day takes of one core, in seconds for that many servers; the writer's longest hold.

    Of each server that is measured a quarter of a day is closed, by turns as agents send it, and
    then, half of which is too old, taken away by the steps of the hub's housekeeping. `backlog` is
    of closings of as many samples as are closed at once when they have piled up.
    """
    with tempfile.TemporaryDirectory() as name:
        folder, walk = Path(name), Walk()
        migrate(folder)
        count = DAY // INTERVAL // 4
        begin = time.time() - DAY / 4

        def fleet(kind: str, count: int) -> dict[str, Iterator[Taken]]:
            return {
                f"{kind}-{one}": (
                    (begin + n * INTERVAL, walk.text(one * 997 + n)) for n in range(count)
                )
                for one in range(measured)
            }

        async with seeding(folder) as seeder:
            with holds() as backlog:
                await seeder.write_by_turns(fleet("late", 2 * CLOSE_MOST), CLOSE_MOST)
            seeder.closing, seeder.closed = 0.0, 0
            cpu = time.process_time()
            with holds() as closings:
                await seeder.write_by_turns(fleet("server", count))
            closing = (time.process_time() - cpu) / (measured * count)
            cpu = time.process_time()
            with holds() as steps:
                await retain(seeder)
            retention = (time.process_time() - cpu) / measured
    longest = max(closings + steps + backlog)
    return {
        "closing_ms_per_chunk": seeder.closing / seeder.closed * 1000,
        "closing_cpu_s_per_day": closing * servers * DAY / INTERVAL,
        **of_holds("closing", closings),
        "retention_cpu_s_per_day": retention * servers * 8,
        **of_holds("backlog", backlog),
        **of_holds("retention", steps),
        "longest_hold": longest.wall,
        "longest_hold_cpu": max(hold.cpu for hold in closings + steps + backlog),
    }


def of_holds(what: str, found: list[Hold]) -> Figures:
    """What they were in general, and the longest, with what of that was work."""
    found = sorted(found)
    return {
        f"{what}_hold_p50": found[len(found) // 2].wall,
        f"{what}_hold_p99": found[len(found) * 99 // 100].wall,
        f"{what}_longest_hold": found[-1].wall,
        f"{what}_longest_hold_cpu": max(hold.cpu for hold in found),
    }


async def retain(seeder: Seeder) -> None:
    """Take away what is older than an eighth of a day, raw samples and levels."""
    half = DAY / 8
    retention = Retention(seeder.database, OpenRows(), Known(), LatestSamples())
    kept = Kept(half, (half, half, half))
    while await retention.too_old(kept, time.time(), STEP) == STEP:
        pass


if __name__ == "__main__":
    sys.exit(main())
