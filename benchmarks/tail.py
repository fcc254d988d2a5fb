"""How fast lines of logs come to `chatops tail`, and what that costs the hub.

    python benchmarks/tail.py [--lines 300000] [--rounds 3]

A real hub, agent and CLI on this machine. A file is shipped, and then read from the hub: all of
it (`stored`), without one and with a pattern that all lines have; what comes while it is shipped
(`live`, which shipping bounds). A file of a million lines is read from the target itself (`file`).
Then a follower sleeps, and the memory of the hub is looked at. The best of the rounds counts: other
programs disturb it least. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import MiB, cpu_seconds, resident  # noqa: E402

if TYPE_CHECKING:
    from tests.support.processes import Bench, Program

LINE: Final = "2026-11-26T01:02:03Z info request {:07d} of 10.0.0.5 for /api/users took 12 ms\n"
SLEEP: Final = 10.0
"""Seconds that a follower sleeps."""
FILE_LINES: Final = 1_000_000
BARS = (
    Bar("stored", 50_000, "lines/s", least=True),
    Bar("file", 50_000, "lines/s", least=True),
    Bar("hub, follower asleep", 4, "MiB more"),
)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found = measure(given.lines, given.rounds)
    show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


def measure(lines: int, rounds: int) -> Figures:
    """All figures, with one hub and agent."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        hub = place.start_hub()
        place.login()
        log = place.folder / "app.log"
        log.touch()
        flags = ["--allow", "files", "--log", f"{log}@start"]
        agent = place.start_agent("web-1", place.add_server("web-1"), *flags)
        found = live(place, log, hub, lines) | of_file(place, {"hub": hub, "agent": agent}, rounds)
        last = ["web-1", "-n", str(lines), "--no-follow"]
        ways = {"stored": last, "stored, --grep": [*last, "--grep", "request [0-9]+"]}
        for way, words in ways.items():
            found |= best(place, hub, way, words, lines, rounds)
        return found | asleep(place, log, hub, lines)


def write(log: Path, lines: int) -> None:
    """Add lines to a file."""
    with log.open("a") as stream:
        stream.writelines(LINE.format(number) for number in range(lines))


@contextmanager
def tail(place: Bench, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """A CLI whose output is read here."""
    from tests.support.processes import PROGRAM

    with subprocess.Popen(
        [*PROGRAM, "tail", *words], env=place.environ, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as cli:  # fmt: skip
        yield cli
        cli.kill()


def read(cli: subprocess.Popen[bytes], lines: int) -> tuple[int, float]:
    """Read so many lines, or all; how many came, in how many seconds from the first on."""
    assert cli.stdout is not None
    came, began = 0, 0.0
    while came < lines and (data := cli.stdout.read1(1024 * 1024)):
        began = began or time.monotonic()
        came += data.count(b"\n")
    return came, time.monotonic() - began


def best(
    place: Bench, hub: Program, way: str, words: list[str], lines: int, rounds: int
) -> Figures:
    """Lines a second, the best of the rounds, and what they cost the hub."""
    found: Figures = {}
    for _ in range(rounds):
        spent = cpu_seconds(hub.process.pid)
        with tail(place, *words) as cli:
            came, took = read(cli, lines)
        speed = came / took
        spent = (cpu_seconds(hub.process.pid) - spent) / came * 1e6
        if speed > found.get(way, 0.0):
            found |= {way: speed, f"hub, {way}": spent}
    return found


def of_file(place: Bench, ends: dict[str, Program], rounds: int) -> Figures:
    """Lines a second of a file on the target, and what they cost each end, in microseconds."""
    found: Figures = {}
    path = place.folder / "other.log"
    write(path, FILE_LINES)
    for _ in range(rounds):
        spent = {name: cpu_seconds(end.process.pid) for name, end in ends.items()}
        with tail(place, f"web-1:{path}", "-n", str(FILE_LINES), "--no-follow") as cli:
            came, took = read(cli, FILE_LINES)
            speed = came / took
            cost = {name: cpu_seconds(end.process.pid) - spent[name] for name, end in ends.items()}
            cost["cli"] = cpu_seconds(cli.pid)
        if speed > found.get("file", 0.0):
            found |= {"file": speed}
            found |= {f"{name}, file": one / FILE_LINES * 1e6 for name, one in cost.items()}
    path.unlink()
    return found


def live(place: Bench, log: Path, hub: Program, lines: int) -> Figures:
    """Lines a second that come while they are shipped."""
    with tail(place, "web-1", "-f", "-n", str(lines), "--grep", "request") as cli:
        spent = cpu_seconds(hub.process.pid)
        write(log, lines)
        _, took = read(cli, lines)
        return {
            "live": lines / took,
            "hub, shipped and live": (cpu_seconds(hub.process.pid) - spent) / lines * 1e6,
        }


def asleep(place: Bench, log: Path, hub: Program, lines: int) -> Figures:
    """What the hub holds for a follower that reads nothing."""
    before = resident(hub.process.pid)
    with tail(place, "web-1", "-f", "-n", str(lines)):
        write(log, 1000)
        time.sleep(SLEEP)
        return {"hub, follower asleep": (resident(hub.process.pid) - before) / MiB}


if __name__ == "__main__":
    raise SystemExit(main())
