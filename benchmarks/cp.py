"""How fast files are copied: `chatops cp` beside scp on the same machine.

    python benchmarks/cp.py [--size MB] [--files N] [--rounds 3] [--json]

A real hub, a real agent and a real sshd, all on loopback: one large file, and a folder of many
small ones, there and back. Both take turns; the fastest round of each counts. Exit status 1 when a
bar is missed: half of scp's rate for the large file, at least its speed for the small ones, and
30 MiB by which an end may grow.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._sshd import HOW, sshd  # noqa: E402  (the path comes first)
from benchmarks.exec import program  # noqa: E402  (the same)

MOST: Final = {"large": 2.0, "large, back": 2.0, "small": 1.0, "small, back": 1.0}
"""Times scp's duration."""
ROOM: Final = 30 * 2**20
"""Bytes by which an end may grow while it copies."""


class Found(NamedTuple):
    """Seconds of the fastest copy, by what is copied and with what; and by how many bytes the ends
    grew: the agent beyond what it had, the command line beyond a copy of one byte."""

    seconds: dict[str, dict[str, float]]
    grown: dict[str, int]

    @property
    def kept(self) -> bool:
        """Whether the bars hold."""
        slow = [
            what
            for what, times in self.seconds.items()
            if "scp" in times and times["chatops cp"] > MOST[what] * times["scp"]
        ]
        return not slow and max(self.grown.values()) <= ROOM


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1000, help="MB of the large file")
    parser.add_argument("--files", type=int, default=10_000, help="small files")
    parser.add_argument("--rounds", type=int, default=3, help="copies of each kind")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.size, given.files, given.rounds)
    if given.json:
        print(json.dumps(found._asdict()))
    else:
        for what, times in found.seconds.items():
            print(what, " ".join(f"{name} {seconds:.2f} s" for name, seconds in times.items()))
        for end, grown in found.grown.items():
            print(f"{end} grew by {grown / 2**20:.1f} MiB")
    if any("scp" not in times for times in found.seconds.values()):
        print(HOW, file=sys.stderr)
    return 0 if found.kept else 1


def measure(megabytes: int, files: int, rounds: int) -> Found:
    """Copy both, there and back, in turns."""
    from tests.support.memory import Growth
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        folder = Path(name)
        _make(folder, megabytes, files)
        place.start_hub()
        place.login()
        agent = place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec,files")
        with sshd(folder / "ssh") as ssh:
            ways = {"chatops cp": ([program(), "cp", "-q", "-r"], "web-1")}
            if ssh is not None:
                ways["scp"] = (["scp", "-q", "-r", "-p", *ssh.cold[1:-1]], "target")
            course = Course(folder, place.environ)
            course.copy(*ways["chatops cp"], "one byte")
            usual, growth = course.peak, Growth(agent.process.pid)
            seconds: dict[str, dict[str, float]] = {what: {} for what in MOST}
            for _ in range(rounds):
                for what, times in seconds.items():
                    for way, (words, host) in ways.items():
                        took = course.copy(words, host, what)
                        times[way] = min(took, times.get(way, took))
            return Found(seconds, {"agent": growth.peak, "command line": course.most - usual})


def _make(folder: Path, megabytes: int, files: int) -> None:
    with (folder / "large").open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    (folder / "one byte").write_bytes(b"x")
    (folder / "small").mkdir()
    for number in range(files):
        (folder / "small" / f"file-{number}").write_bytes(os.urandom(200))


class Course:
    """Copies, one after the other. ``peak``: bytes of memory that the last one took that was ours,
    ``most``: that any of them took."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._environ = dict(environ)
        self.peak = self.most = 0

    def copy(self, words: Sequence[str], host: str, what: str) -> float:
        """Seconds of one copy."""
        name, _, back = what.partition(", ")
        source, copy = f"{self._folder}/{name}", self._folder / "copy"
        ends = [f"{host}:{source}", str(copy)] if back else [source, f"{host}:{copy}"]
        began = time.perf_counter()
        running = subprocess.Popen([*words, *ends], env=self._environ)
        while (code := _ended(running)) is None:
            if host == "web-1":
                self._look(running.pid)
        took = time.perf_counter() - began
        if code:
            raise RuntimeError(f"{words[0]} failed: {code}")
        _remove(copy)
        return took

    def _look(self, pid: int) -> None:
        from tests.support.memory import peak_rss

        with suppress(OSError, AssertionError):  # it is about to end
            self.peak = peak_rss(pid)
            self.most = max(self.most, self.peak)


def _ended(running: subprocess.Popen[bytes]) -> int | None:
    """Its exit code, within a moment; None: it goes on."""
    with suppress(subprocess.TimeoutExpired):
        return running.wait(0.05)
    return None


def _remove(copy: Path) -> None:
    if copy.is_dir():
        shutil.rmtree(copy)
    else:
        copy.unlink()


if __name__ == "__main__":
    sys.exit(main())
