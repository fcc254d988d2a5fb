"""How fast the log of a container comes to the command line, beside `docker logs` of the engine.

    python benchmarks/docker_logs.py [--lines 500000] [--rounds 3]

A real engine, hub, agent and CLI on this machine. Each round asks the engine and chatops in turn
for the same: all lines that are stored, and (``-f``) lines as they are written by a container that
prints as fast as it can. Then a follower sleeps, and the memory of hub and agent is looked at. The
best of the rounds counts: other programs disturb it least. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import MiB, cpu_seconds, resident  # noqa: E402

if TYPE_CHECKING:
    from tests.support.engine import RealEngine
    from tests.support.processes import Bench

LINE = "a line of a container that prints as fast as it can, of some eighty characters"
SLEEP = 15.0
"""Seconds that a follower sleeps."""
BARS = (
    Bar("chatops -f", 50_000, "lines/s", least=True),
    Bar("hub, follower asleep", 4, "MiB more"),
    Bar("agent, follower asleep", 4, "MiB more"),
)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    found = measure(given.lines, given.rounds)
    show(found, BARS)
    for way in ("stored", "-f"):
        print(f"{way}: {found[f'chatops {way}'] / found[f'docker {way}']:.2f} of docker logs")
    return 0 if all_kept(found, BARS) else 1


def measure(lines: int, rounds: int) -> Figures:
    """All figures, with one engine, hub and agent."""
    from tests.support.engine import real_engine
    from tests.support.processes import bench

    with (
        tempfile.TemporaryDirectory() as name,
        real_engine() as engine,
        bench(Path(name)) as place,
    ):
        hub = place.start_hub()
        place.login()
        agent = place.start_agent(
            "web-1", place.add_server("web-1"), "--allow", "docker", DOCKER_HOST=engine.host
        )
        engine.run("stored", "/bin/sh", "-c", f"yes '{LINE}' | head -n {lines}")
        while not engine.ended("stored"):
            time.sleep(0.5)
        found = speeds(place, engine, lines, rounds)
        pids = {"hub": hub.process.pid, "agent": agent.process.pid}
        return found | costs(place, pids, lines) | asleep(place, engine, pids)


def speeds(place: Bench, engine: RealEngine, lines: int, rounds: int) -> Figures:
    """Lines a second, the best of the rounds."""
    from tests.support.processes import PROGRAM

    found: Figures = {}
    for _ in range(rounds):
        for name, words in {
            "docker stored": ["docker", "-H", engine.host, "logs", "stored"],
            "chatops stored": [
                *PROGRAM,
                "docker",
                "logs",
                "web-1",
                "stored",
                "--tail",
                "all",
            ],
        }.items():
            took = timed(lambda words=words: counted(place, words, lines))
            found[name] = max(found.get(name, 0.0), lines / took)
        for name, words in {
            "docker -f": ["docker", "-H", engine.host, "logs", "-f"],
            "chatops -f": [*PROGRAM, "docker", "logs", "-f", "--tail", "all", "web-1"],
        }.items():
            engine.run("live", "/bin/sh", "-c", f"yes '{LINE}' | head -n {lines}; sleep 1")
            took = timed(lambda words=words: counted(place, [*words, "live"], lines))
            found[name] = max(found.get(name, 0.0), lines / took)
            with engine.client() as client:
                client.remove_container("live", force=True)
    return found


def counted(place: Bench, words: list[str], lines: int) -> None:
    """Read what a command prints until all lines came."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=place.environ) as process:
        assert process.stdout is not None
        left = lines
        while left > 0:
            data = process.stdout.read1(1 << 20)
            assert data, f"{left} lines never came"
            left -= data.count(b"\n")
        process.kill()


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def costs(place: Bench, pids: dict[str, int], lines: int) -> Figures:
    """Processor time of a line, in microseconds, by who spends it."""
    from tests.support.processes import PROGRAM

    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    words = [*PROGRAM, "docker", "logs", "web-1", "stored", "--tail", "all"]
    counted(place, words, lines)
    return {
        f"{name}, us a line": 1e6 * (cpu_seconds(pid) - before[name]) / lines
        for name, pid in pids.items()
    }


def asleep(place: Bench, engine: RealEngine, pids: dict[str, int]) -> Figures:
    """MiB that hub and agent grow by while a follower sleeps and its container prints."""
    from tests.support.processes import PROGRAM

    engine.run("live", "/bin/yes", LINE)
    words = [*PROGRAM, "docker", "logs", "web-1", "live", "-f"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=place.environ) as process:
        assert process.stdout is not None
        process.stdout.read(1)
        time.sleep(3)  # what is between here and there fills
        before = {name: resident(pid) for name, pid in pids.items()}
        time.sleep(SLEEP)
        found = {
            f"{name}, follower asleep": (resident(pid) - before[name]) / MiB
            for name, pid in pids.items()
        }
        process.kill()
    return found


if __name__ == "__main__":
    sys.exit(main())
