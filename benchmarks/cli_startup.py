"""How long the command line takes as a process, beside a Python that does nothing.

    python benchmarks/cli_startup.py [--rounds 15] [--json]

All commands take turns in every round, so that a machine whose speed drifts shifts them all
alike: the ratios count. `exec` runs against a real hub and agent on this machine.
"""

from __future__ import annotations

import argparse
import json
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BASE = "python -I -c pass"
BARS = {"--version": 3.0, "exec": 8.0}
"""Ratios to keep."""


class Case(NamedTuple):
    """A command line, and the exit code that shows that it did its work."""

    words: list[str]
    code: int = 0


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="how often each one is run")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    return 0 if all(found[name] / found[BASE] <= BARS[name] for name in BARS) else 1


def measure(rounds: int) -> dict[str, float]:
    """Median milliseconds of each command."""
    sys.path.insert(0, str(ROOT))
    from tests.support.processes import bench
    from tests.support.waiting import until

    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        place.start_hub()
        place.login()
        place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec")
        until(lambda: place.run("exec", "web-1", "true").code == 0, what="an exec that works")
        return timed(cases(place.url), place.environ, rounds)


def cases(url: str) -> dict[str, Case]:
    """What is measured, by name."""
    chatops = [shutil.which("chatops", path=str(Path(sys.executable).parent)) or ""]
    if chatops == [""]:
        chatops = [sys.executable, "-m", "chatops.cli"]
    closed = ["--hub", f"http://127.0.0.1:{closed_port()}", "--token", "t"]
    return {
        BASE: Case([sys.executable, "-I", "-c", "pass"]),
        "--version": Case([*chatops, "--version"]),
        "--help": Case([*chatops, "--help"]),
        "servers list, no hub": Case([*chatops, "servers", "list", *closed], 7),
        "servers list": Case([*chatops, "servers", "list", "--hub", url]),
        "metrics show -o json": Case([*chatops, "metrics", "show", "web-1", "-o", "json"]),
        "exec": Case([*chatops, "exec", "web-1", "true"]),
    }


def timed(wanted: dict[str, Case], environ: dict[str, str], rounds: int) -> dict[str, float]:
    """Median milliseconds of each case, all of them taking turns."""
    took: dict[str, list[float]] = {name: [] for name in wanted}
    for _ in range(rounds):
        for name, case in wanted.items():
            began = time.perf_counter()
            done = subprocess.run(case.words, env=environ, capture_output=True, check=False)
            took[name].append((time.perf_counter() - began) * 1000)
            assert done.returncode == case.code, (name, done.returncode, done.stderr)
    return {name: statistics.median(times) for name, times in took.items()}


def show(found: dict[str, float]) -> None:
    """Print the figures, the ratios and the bars."""
    for name, millis in found.items():
        ratio = millis / found[BASE]
        bar = f"   bar {BARS[name]:g}x" if name in BARS else ""
        print(f"{name:24} {millis:7.1f} ms  {ratio:5.2f}x{bar}")


def closed_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
