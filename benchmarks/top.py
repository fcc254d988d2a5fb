"""What `chatops top` costs with a large fleet, beside the bars.

    python benchmarks/top.py [--servers 500] [--interval 5] [--seconds 60] [--size 120x40] [--json]

First one picture, in a terminal that is none: the processor time from the values of one second to
the last character. Then the program as a user has it, in a terminal of that size, with a real hub
and a swarm of agents: the time to its first picture and the processor time of it (ms), its share
of a core, its memory (MiB), and what a line to it, as that of ssh, has to carry (KiB a second)."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import Load, MiB, cpu_seconds, end_with_all, resident  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.keys import names, seed_servers  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402
from benchmarks.swarm.worker import Plan, Workers  # noqa: E402

BARS = [Bar("frame", 50.0, "ms"), Bar("cpu", 10.0, "% of a core")]
FRAMES = 60
SETTLE = 15.0


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--servers", type=int, default=500)
    parser.add_argument("--interval", type=float, default=5.0, help="seconds between samples")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the measurement")
    parser.add_argument("--size", default="120x40", help="columns and lines")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    many_files()
    end_with_all()
    columns, lines = map(int, given.size.split("x"))
    found = asyncio.run(frames(given.servers, given.interval, (columns, lines)))
    found |= whole(given, (columns, lines))
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


async def frames(servers: int, interval: float, size: tuple[int, int]) -> Figures:
    """Milliseconds of processor time of one picture."""
    from chatops.cli.top.app import TopApp
    from docs.gen.top_scene import NOW, scene, values

    state = scene(servers)
    app = TopApp(state)
    took: list[float] = []
    async with app.run_test(size=size) as pilot:
        for number in range(FRAMES):
            some = range(number, servers, max(int(interval), 1))
            state.feed.values.extend(values(one % servers, NOW + number) for one in some)
            began = time.process_time()
            app.tick()
            await pilot.pause(0.05)  # longer than Textual waits before it draws
            took.append((time.process_time() - began) * 1000)
    return {"frame": statistics.median(took), "frame_max": max(took[3:])}


def whole(given: argparse.Namespace, size: tuple[int, int]) -> Figures:
    """The program, with all that it needs."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as folder, bench(Path(folder)) as place:
        keys = seed_servers(place.folder / "hub", names(given.servers))
        place.start_hub()
        place.login()
        behaviour = Behaviour(interval=given.interval, connect_rate=100.0)
        with Workers(Plan(place.url, keys, behaviour, 10)) as swarm:
            while swarm.take().connected < len(keys):
                time.sleep(0.5)
            return watched(place.environ, given.seconds, size)


def watched(environ: dict[str, str], seconds: float, size: tuple[int, int]) -> Figures:
    """``chatops top`` in a terminal for so long."""
    terminal = Terminal(environ, size)
    try:
        found: Figures = {"start": terminal.until(rb"online") * 1000}
        found["start_cpu"] = cpu_seconds(terminal.pid) * 1000
        time.sleep(SETTLE)
        load, carried = Load(terminal.pid), terminal.carried
        time.sleep(seconds)
        found |= {
            "cpu": load.percent,
            "kept_waiting": load.waited,
            "rss": resident(terminal.pid) / MiB,
            "kib_ps": (terminal.carried - carried) / 1024 / seconds,
        }
        return found
    finally:
        terminal.close()


class Terminal:
    """The other end of a terminal: it reads, and counts."""

    def __init__(self, environ: dict[str, str], size: tuple[int, int]) -> None:
        import pexpect

        given = {**environ, "TERM": "xterm-256color"}
        words = ["-m", "chatops.cli", "top"]
        self._began = time.monotonic()
        self._child = pexpect.spawn(sys.executable, words, env=given, dimensions=size[::-1])
        self._seen = b""
        self.carried = 0
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def pid(self) -> int:
        """Of the program."""
        pid: int = self._child.pid
        return pid

    def until(self, pattern: bytes) -> float:
        """Seconds from the start until that stands there."""
        while not re.search(pattern, self._seen) and self._thread.is_alive():
            time.sleep(0.005)
        return time.monotonic() - self._began

    def close(self) -> None:
        """End it."""
        os.kill(self.pid, signal.SIGTERM)
        self._thread.join(10)
        self._child.close(force=True)

    def _read(self) -> None:
        while True:
            try:
                some = os.read(self._child.child_fd, 65536)
            except OSError:
                return
            if not some:
                return
            self.carried += len(some)
            if self.carried < MiB:
                self._seen += some


if __name__ == "__main__":
    sys.exit(main())
