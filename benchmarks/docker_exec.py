"""How long a command in a container takes, beside the docker command line on the same engine.

    python benchmarks/docker_exec.py [--rounds 40] [--json]

A real hub, a real agent and a real engine of our own with one container. All that is compared
takes turns, so that a machine whose speed drifts shifts everything alike: the ratios count. Exit
status 1 when a bar is missed, also one that could not be looked at because there is no `docker`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.exec import (  # noqa: E402  (the path comes first)
    BASE,
    Bar,
    Times,
    kept,
    process,
    program,
    show,
    signed_in,
    timed,
)

if TYPE_CHECKING:
    from tests.support.engine import RealEngine
    from tests.support.processes import Bench

BARS = (
    Bar("warm run", 50, 2.0, "docker exec"),
    Bar("chatops docker exec", 50, 2.5, "docker exec"),
)


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="rounds of each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    found = measure(given.rounds)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all(kept(bar, found) for bar in BARS) else 1


def measure(rounds: int) -> Times:
    """All figures, with one hub and one container."""
    from tests.support.engine import real_engine
    from tests.support.processes import bench

    with tempfile.TemporaryDirectory() as name, real_engine() as engine, bench(Path(name)) as place:
        engine.run("app")
        place.start_hub()
        place.login()
        key = place.add_server("web-1")
        place.start_agent("web-1", key, "--allow", "docker", DOCKER_HOST=engine.host)
        return measure_all(place, engine, rounds)


def measure_all(place: Bench, engine: RealEngine, rounds: int) -> Times:
    """`true` on a connection that is kept, and as a user types it, for both command lines."""
    docker = shutil.which("docker")
    environ = {**place.environ, "DOCKER_HOST": engine.host}
    with signed_in(place) as client:

        def run() -> None:
            (result,) = client.commands.run("web-1", ["true"], container="app")
            assert result.status == "succeeded", result

        words = [program(), "docker", "exec", "web-1", "app", "true", "x"]
        cases = {
            BASE: process([sys.executable, "-I", "-c", "pass"], place.environ),
            "warm run": run,
            "chatops docker exec": process(words, place.environ),
        }
        if docker is not None:
            cases["docker exec"] = process([docker, "exec", "app", "true"], environ)
        timed(cases, 3)  # what is loaded at the first use
        return timed(cases, rounds)


if __name__ == "__main__":
    sys.exit(main())
