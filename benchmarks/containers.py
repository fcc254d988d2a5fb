"""What containers cost an agent, against the bars: memory with 20, and processor time with 100.

    python benchmarks/containers.py [--seconds 60]

A real engine (Debian's docker.io, as root) with idle containers, `chatops agent` as a user starts
it, and the stand-in hub of the tests in this process, which asks for ``ps`` and ``stats`` every
5 s. What an agent costs without containers is measured first, and taken from its processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]
EVERY = 5.0
FEW, MANY = 20, 100
BARS = {"rss": 50.0, "cpu": 1.0, "answer": EVERY}
PROGRAM = [sys.executable, "-m", "chatops.cli", "agent", "--allow", "exec,docker"]


class Cost(NamedTuple):
    """Of one measurement: MiB of the agent without its watchdog, per cent of a core that it took
    with it and that the engine took, the longest answers in seconds."""

    rss: float
    cpu: float
    engine: float
    ps: float
    stats: float


def main() -> int:
    """Measure and print; 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of a measurement")
    seconds = parser.parse_args().seconds
    from tests.support.engine import real_engine

    with real_engine() as engine:
        none = asyncio.run(measure(engine, seconds, asked=False))
        run(engine, 0, FEW)
        few = asyncio.run(measure(engine, seconds, asked=True))
        run(engine, FEW, MANY)
        idle = asyncio.run(measure(engine, seconds, asked=False))
        many = asyncio.run(measure(engine, seconds, asked=True))
    show("no containers", none)
    show(f"{FEW}, asked every {EVERY:g} s", few)
    show(f"{MANY}, not asked", idle)
    show(f"{MANY}, asked every {EVERY:g} s", many)
    more = many.cpu - none.cpu
    print(f"\nRSS with {FEW}: {few.rss:.1f} MiB, bar {BARS['rss']:g}")
    print(f"CPU for {MANY}: {more:.2f} % of a core beyond the host's, bar {BARS['cpu']:g}")
    print(f"longest answer: {max(many.ps, many.stats):.2f} s, bar {BARS['answer']:g}")
    held = few.rss <= BARS["rss"] and more <= BARS["cpu"]
    return 0 if held and max(many.ps, many.stats) <= BARS["answer"] else 1


def run(engine: Any, first: int, last: int) -> None:
    """Start idle containers."""
    for number in range(first, last):
        engine.run(f"idle-{number}", "/bin/sleep", "1000000")


async def measure(engine: Any, seconds: float, *, asked: bool) -> Cost:
    """Run an agent, and look at its processes and the engine's after it has settled."""
    from chatops.protocol.messages import Metrics
    from tests.support.stand_in_hub import StandInHub, stand_in_hub

    async with stand_in_hub(StandInHub(interval=EVERY)) as hub:
        with agent_of(hub.url, engine.host) as agent:
            await hub.wait_for(Metrics, count=3)
            watched, engine_process = agent.children(recursive=True), psutil.Process(engine.pid)
            own, others = cpu([agent, *watched]), cpu([engine_process])
            began, longest = time.monotonic(), {"ps": 0.0, "stats": 0.0}
            while time.monotonic() - began < seconds:
                round_began = time.monotonic()
                for action in longest if asked else ():
                    longest[action] = max(longest[action], await ask(hub, action))
                await asyncio.sleep(max(round_began + EVERY - time.monotonic(), 0.0))
            share = 100.0 / (time.monotonic() - began)
            return Cost(
                rss=agent.memory_info().rss / 2**20,
                cpu=(cpu([agent, *watched]) - own) * share,
                engine=(cpu([engine_process]) - others) * share,
                **longest,
            )


async def ask(hub: Any, action: str) -> float:
    """Ask the agent; the seconds until it has answered."""
    from chatops.ids import new_id
    from chatops.protocol.messages import DockerCommand, DockerResponse
    from tests.support.waiting import until_async

    began, request = time.monotonic(), DockerCommand(id=new_id(), action=action, args={})
    await hub.send(request)

    def found() -> DockerResponse | None:
        return next((one for one in hub.of(DockerResponse) if one.id == request.id), None)

    answer = await until_async(found, within=60)
    assert answer.ok, answer.error
    return time.monotonic() - began


@contextmanager
def agent_of(url: str, host: str) -> Iterator[psutil.Process]:
    """`chatops agent`, until the end of the block."""
    from tests.support.stand_in_hub import KEY

    with tempfile.TemporaryDirectory() as folder:
        given = {"CHATOPS_HUB": url, "CHATOPS_KEY": KEY, "CHATOPS_AGENT_DATA_DIR": folder}
        environ = {**os.environ, **given, "DOCKER_HOST": host}
        process = subprocess.Popen(PROGRAM, env=environ, stderr=subprocess.DEVNULL)
        try:
            yield psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait()


def cpu(processes: list[psutil.Process]) -> float:
    """CPU seconds of all their threads, from the scheduler's nanoseconds."""
    tasks = [task for one in processes for task in Path(f"/proc/{one.pid}/task").iterdir()]
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def show(title: str, cost: Cost) -> None:
    """One line of figures."""
    print(
        f"{title:22} agent {cost.rss:5.1f} MiB {cost.cpu:5.2f} %   engine {cost.engine:5.2f} %   "
        f"longest ps {cost.ps:.2f} s, stats {cost.stats:.2f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
