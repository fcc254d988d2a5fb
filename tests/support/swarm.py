"""Hundreds of agents in one process beside a test: those of benchmarks/swarm, in a thread.

They answer a command ``write N`` with N bytes of LINE on stdout, as fast as the hub's credit
lets them, and send a sample every second.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from benchmarks.swarm.agent import Hub, SwarmAgent
from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.commands import LINE
from benchmarks.swarm.swarm import Swarm
from chatops.tasks import Tasks
from tests.support.waiting import until

__all__ = ["LINE", "SwarmAgent", "swarm"]


@contextmanager
def swarm(
    hub: str,
    keys: Mapping[str, str],
    context: ssl.SSLContext | None = None,
    behaviour: Behaviour | None = None,
) -> Iterator[list[SwarmAgent]]:
    """An agent for each server's key, all connected to the hub at that URL."""
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    agents: list[SwarmAgent] = []

    async def live() -> None:
        swarm = Swarm(Hub(hub, context), keys, behaviour or Behaviour(interval=1.0))
        agents.extend(swarm.agents)
        async with Tasks() as tasks:
            tasks.spawn(swarm.run(), name="swarm")
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), name="swarm")
    thread.start()
    try:
        until(
            lambda: len(agents) == len(keys) and all(agent.connected for agent in agents),
            within=60,
            what="the swarm",
        )
        yield agents
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
