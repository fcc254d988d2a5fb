"""How fast files are copied: `chatops cp` beside scp on the same machine.

    python benchmarks/cp.py [--size MB] [--files N] [--rounds 3] [--json]

A real hub, a real agent and a real sshd, all on loopback: one large file, and a folder of many
small ones. Both take turns; the fastest round of each counts. Exit status 1 when a bar is missed:
half of scp's rate for the large file, at least its speed for the small ones.
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
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._sshd import HOW, sshd  # noqa: E402  (the path comes first)
from benchmarks.exec import program  # noqa: E402  (the same)

MOST: Final = {"large": 2.0, "small": 1.0}
"""Times scp's duration."""
Found = dict[str, dict[str, float]]


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
        print(json.dumps(found))
    else:
        for what, times in found.items():
            print(what, " ".join(f"{name} {seconds:.2f} s" for name, seconds in times.items()))
    if any("scp" not in times for times in found.values()):
        print(HOW, file=sys.stderr)
    return 0 if all(_kept(what, times) for what, times in found.items()) else 1


def measure(megabytes: int, files: int, rounds: int) -> Found:
    """Seconds of the fastest copy, by what is copied and with what."""
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        folder = Path(name)
        _make(folder, megabytes, files)
        place.start_hub()
        place.login()
        place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec,files")
        with sshd(folder / "ssh") as ssh:
            ours = [program(), "cp", "-q", "-r"]
            ways = {"chatops cp": (ours, "web-1")}
            if ssh is not None:
                ways["scp"] = (["scp", "-q", "-r", "-p", *ssh.cold[1:-1]], "target")
            return {
                what: {
                    way: min(
                        _timed([*words, str(folder / what), f"{host}:{folder}/copy"],
                               place.environ, folder / "copy")
                        for _ in range(rounds)
                    )
                    for way, (words, host) in ways.items()
                }
                for what in MOST
            }  # fmt: skip


def _make(folder: Path, megabytes: int, files: int) -> None:
    with (folder / "large").open("wb") as file:
        for _ in range(megabytes):
            file.write(os.urandom(1_000_000))
    (folder / "small").mkdir()
    for number in range(files):
        (folder / "small" / f"file-{number}").write_bytes(os.urandom(200))


def _timed(words: Sequence[str], environ: Mapping[str, str], copy: Path) -> float:
    began = time.perf_counter()
    subprocess.run(list(words), env=dict(environ), check=True)
    took = time.perf_counter() - began
    if copy.is_dir():
        shutil.rmtree(copy)
    else:
        copy.unlink()
    return took


def _kept(what: str, times: Mapping[str, float]) -> bool:
    return "scp" not in times or times["chatops cp"] <= MOST[what] * times["scp"]


if __name__ == "__main__":
    sys.exit(main())
