"""Many agents that come back to a hub that was away, beside the bars.

    python benchmarks/reconnect.py [--agents 500] [--outage 60]

The hub is ended by SIGTERM, then by kill -9 while it commits, and started again after the outage.
Meanwhile the agents (benchmarks/swarm) go on taking samples. Counted from the moment when the hub
says that it is ready: when the last agent was back, when the hub had the newest sample of each,
and when it had all of the outage. Exit status 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks._bars import Bar, Figures, all_kept, show  # noqa: E402  (the path comes first)
from benchmarks._process import end_with_all  # noqa: E402
from benchmarks.swarm.behaviour import Behaviour  # noqa: E402
from benchmarks.swarm.keys import names, seed_servers  # noqa: E402
from benchmarks.swarm.swarm import many_files  # noqa: E402

if TYPE_CHECKING:
    from benchmarks.swarm.agent import SwarmAgent
    from tests.support.processes import Bench

WAYS = {"term": signal.SIGTERM, "kill": signal.SIGKILL}
PATIENCE = 300.0
_ERROR = re.compile(rb"^\S+Z (error|critical) .*|^Traceback", re.MULTILINE)
BARS = [
    bar
    for way in WAYS
    for bar in (
        Bar(f"{way}_back_max_s", 30.0, "s"),
        Bar(f"{way}_live_after_old", 0.0, "agents"),
        Bar(f"{way}_log_errors", 0.0, "lines"),
    )
]


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between samples")
    parser.add_argument("--outage", type=float, default=60.0, help="seconds without a hub")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    many_files()
    end_with_all()
    found = measure(given)
    if given.json:
        print(json.dumps(found))
    else:
        show(found, BARS)
    return 0 if all_kept(found, BARS) else 1


def measure(given: argparse.Namespace) -> Figures:
    """All figures, of one hub and one swarm."""
    from tests.support.processes import bench
    from tests.support.swarm import swarm

    found: Figures = {"agents": given.agents}
    with tempfile.TemporaryDirectory() as name, bench(Path(name)) as place:
        keys = seed_servers(place.folder / "hub", names(given.agents))
        place.start_hub()
        behaviour = Behaviour(interval=given.interval, connect_rate=100)
        with swarm(place.url, keys, behaviour=behaviour) as agents:
            for way, number in WAYS.items():
                time.sleep(5.0)  # commits go on when it is killed
                seen = outage(place, agents, number, given.outage)
                found |= {f"{way}_{figure}": value for figure, value in seen.items()}
    return found


def outage(
    place: Bench, agents: list[SwarmAgent], number: signal.Signals, seconds: float
) -> Figures:
    """One of them, from the hub's end to the last sample of the time without it."""
    from tests.support.waiting import until

    place.programs[-1].stop(number)
    ended = time.monotonic()
    time.sleep(seconds)
    waiting = sum(len(agent.spool.taken) for agent in agents)
    hub = place.start_hub(None, "--port", str(urlsplit(place.url).port))
    ready = time.monotonic()
    until(
        lambda: all(agent.caught_up_at and agent.caught_up_at > ended for agent in agents),
        within=PATIENCE,
        what="the end of what was left over",
    )
    back = sorted(agent.connected_at - ready for agent in agents)
    live = sorted((agent.live_at or 0.0) - ready for agent in agents)
    caught_up = sorted((agent.caught_up_at or 0.0) - ready for agent in agents)
    half = len(agents) // 2
    return {
        "left_over": waiting,
        "back_p50_s": back[half],
        "back_max_s": back[-1],
        "live_p50_s": live[half],
        "live_max_s": live[-1],
        "caught_up_p50_s": caught_up[half],
        "caught_up_max_s": caught_up[-1],
        "live_after_old": sum((one.live_at or 0.0) > (one.caught_up_at or 0.0) for one in agents),
        "live_slowest_ms": max((one.live_at or 0.0) - one.connected_at for one in agents) * 1000,
        "log_errors": len(_ERROR.findall(hub.said)),
    }


if __name__ == "__main__":
    sys.exit(main())
