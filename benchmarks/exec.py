"""How long `exec` takes, beside ssh on the same machine in the same run.

    python benchmarks/exec.py [--warm 300] [--rounds 15] [--many 20] [--json]

A real hub, real agents and a real sshd, all on loopback. All that is compared takes turns,
so that a machine whose speed drifts shifts everything alike: the ratios count. Exit status 1
when a bar is missed, also one that could not be looked at because there is no ssh.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._sshd import HOW, Ssh, sshd  # noqa: E402  (the path comes first)

if TYPE_CHECKING:
    from chatops.client import Client
    from tests.support.processes import Bench

Times = dict[str, list[float]]
"""Milliseconds of each round, by what was measured."""
BASE = "python -I -c pass"
LINES = b"".join(b"%d\n" % number for number in range(1, 1_000_001))
SEQ = "seq 1 1000000"


class Bar(NamedTuple):
    """A figure to keep: a percentile in milliseconds, or of something's median."""

    of: str
    percent: int
    most: float
    per: str = ""
    aim: float | None = None


BARS = (
    Bar("warm run", 50, 4.0),
    Bar("warm run", 99, 15.0),
    Bar("warm run", 50, 1.0, "warm ssh"),
    Bar("exec true", 50, 8.0, BASE, aim=6.0),
    Bar("exec true", 50, 0.4, "cold ssh"),
    Bar("exec seq", 50, 400.0),
    Bar("exec many", 50, 120.0),
)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--warm", type=int, default=300, help="rounds on a kept connection")
    parser.add_argument("--rounds", type=int, default=15, help="rounds of processes")
    parser.add_argument("--many", type=int, default=20, help="agents of the run over all; 0: none")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.warm, given.rounds, given.many)
    if given.json:
        print(json.dumps(found))
    else:
        show(found)
    if "warm ssh" not in found:
        print(HOW, file=sys.stderr)
    return 0 if all(kept(bar, found) for bar in BARS if given.many or bar.of != "exec many") else 1


def measure(warm: int, rounds: int, many: int) -> Times:
    """All figures, with one hub; the many agents come last, so that they cost nobody else."""
    from tests.support.processes import bench
    from tests.support.waiting import until

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with bench(folder) as place, sshd(folder / "ssh") as ssh:
            place.start_hub()
            place.login()
            place.start_agent("web-1", place.add_server("web-1"), "--allow", "exec")
            until(lambda: place.run("exec", "web-1", "true").code == 0, what="an exec that works")
            times = measure_warm(place, ssh, warm)
            times |= measure_processes(place, ssh, rounds)
            if many:
                for number in range(2, many + 1):
                    host = f"web-{number}"
                    place.start_agent(host, place.add_server(host), "--allow", "exec")
                times |= measure_many(place, rounds)
    return times


def measure_warm(place: Bench, ssh: Ssh | None, rounds: int) -> Times:
    """`true` on connections that are kept: our client's, and ssh's ControlMaster."""
    with signed_in(place) as client:

        def run() -> None:
            (result,) = client.commands.run("web-1", "true")
            assert result.status == "succeeded", result

        def stream() -> None:
            *_, last = client.commands.stream("web-1", "true")
            assert last.result.status == "succeeded", last

        cases: dict[str, Callable[[], object]] = {"warm run": run, "warm stream": stream}
        if ssh is not None:
            cases["warm ssh"] = process([*ssh.warm, "true"], place.environ)
        timed(cases, min(rounds, 20))  # what is loaded at the first use
        return timed(cases, rounds)


def measure_processes(place: Bench, ssh: Ssh | None, rounds: int) -> Times:
    """Commands as a user types them."""
    chatops = [program(), "exec", "web-1"]
    cases = {
        BASE: process([sys.executable, "-I", "-c", "pass"], place.environ),
        "exec true": process([*chatops, "true"], place.environ),
        "exec seq": process([*chatops, SEQ], place.environ, LINES),
    }
    if ssh is not None:
        cases["cold ssh"] = process([*ssh.cold, "true"], place.environ)
        cases["cold ssh seq"] = process([*ssh.cold, SEQ], place.environ, LINES)
        cases["warm ssh seq"] = process([*ssh.warm, SEQ], place.environ, LINES)
    return timed(cases, rounds)


def measure_many(place: Bench, rounds: int) -> Times:
    """One run on all servers."""
    run = process([program(), "exec", "all", "true"], place.environ)
    timed({"": run}, 2)
    return timed({"exec many": run}, rounds)


def signed_in(place: Bench) -> Client:
    """A client of the hub with the account of the bench."""
    from chatops.client import Client
    from tests.support.processes import PASSWORD

    return Client(place.url, Client(place.url).auth.login("admin", PASSWORD).access_token)


def process(
    words: list[str], environ: Mapping[str, str], output: bytes = b""
) -> Callable[[], object]:
    """A process that must succeed and print exactly ``output``."""

    def run() -> None:
        done = subprocess.run(
            words, env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
        assert done.returncode == 0, (words, done.returncode, done.stderr)
        assert done.stdout == output, (words, len(done.stdout))

    return run


def program() -> str:
    """The installed ``chatops`` of this interpreter."""
    found = shutil.which("chatops", path=str(Path(sys.executable).parent))
    assert found is not None, "chatops is not installed for this interpreter"
    return found


def timed(cases: Mapping[str, Callable[[], object]], rounds: int) -> Times:
    """Milliseconds of each case, all of them taking turns."""
    took: Times = {name: [] for name in cases}
    for _ in range(rounds):
        for name, case in cases.items():
            began = time.perf_counter()
            case()
            took[name].append((time.perf_counter() - began) * 1000)
    return took


def percentile(times: list[float], percent: int) -> float:
    """The value that ``percent`` of 100 do not exceed."""
    return sorted(times)[min(len(times) * percent // 100, len(times) - 1)]


def value(bar: Bar, found: Times) -> float | None:
    """What is compared with a bar; None when it was not measured."""
    if bar.of not in found or (bar.per and bar.per not in found):
        return None
    one = percentile(found[bar.of], bar.percent)
    return one / statistics.median(found[bar.per]) if bar.per else one


def kept(bar: Bar, found: Times) -> bool:
    """Whether a bar holds."""
    measured = value(bar, found)
    return measured is not None and measured <= bar.most


def show(found: Times, bars: Sequence[Bar] = BARS) -> None:
    """Print the figures, then the bars."""
    print(f"{'':18} {'p50':>8} {'p99':>8}  ms")
    for name, times in found.items():
        middle, high = percentile(times, 50), percentile(times, 99)
        print(f"{name:18} {middle:8.2f} {high:8.2f}  n={len(times)}")
    for bar in bars:
        measured, unit = value(bar, found), f"x {bar.per}" if bar.per else "ms"
        text = "not measured" if measured is None else f"{measured:.2f} {unit}"
        aim = f", aim {bar.aim:g}" if bar.aim else ""
        verdict = "ok" if kept(bar, found) else "MISSED"
        print(f"{bar.of} p{bar.percent}: {text}, bar {bar.most:g}{aim}  {verdict}")


if __name__ == "__main__":
    sys.exit(main())
