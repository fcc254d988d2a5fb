"""How much hub and agents grow while much is printed and the reader sleeps, against the bar.

    python benchmarks/output_memory.py [--bytes 1000000000] [--servers 200]

The programs run as a user starts them: one agent that prints very much; then many servers with
a megabyte each, of which four are real agents and the rest a swarm inside this process. In both
cases the reader takes nothing until more samples of all servers came, and then every byte.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REAL = 4
SAMPLES = 5


def main() -> int:
    """Measure and print; 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bytes", type=int, default=1_000_000_000, help="printed by one server")
    parser.add_argument("--servers", type=int, default=200, help="that print a megabyte each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    found = {"one": one_server(given.bytes), "many": many(given.servers)}
    from tests.support.big_output import MOST

    if given.json:
        print(json.dumps(found))
    else:
        show(found, MOST)
    return 0 if all(peak <= MOST for peaks in found.values() for peak in peaks.values()) else 1


def one_server(size: int) -> dict[str, int]:
    """The growth of hub and agent, in bytes, while one server prints so much."""
    from tests.support.big_output import sleeping_reader
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        place.start_hub()
        place.login()
        place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec")
        return sleeping_reader(place, size, SAMPLES)


def many(servers: int) -> dict[str, int]:
    """The same while many print a megabyte each."""
    from tests.support.big_output import many_servers
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        place.start_hub()
        place.login()
        return many_servers(place, servers, min(REAL, servers), SAMPLES)


def show(found: dict[str, dict[str, int]], most: int) -> None:
    """A line a program."""
    for case, peaks in found.items():
        for name, peak in peaks.items():
            print(f"{case:5} {name:6} grew by {peak / 2**20:5.1f} MiB (bar {most / 2**20:.0f})")


if __name__ == "__main__":
    sys.exit(main())
