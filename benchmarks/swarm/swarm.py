"""A swarm: the agents of one event loop, and what they have in common."""

from __future__ import annotations

import asyncio
import random
import resource
from collections.abc import Mapping
from typing import Final

from benchmarks.swarm.agent import Hub, SwarmAgent
from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.figures import Figures
from benchmarks.swarm.samples import Walk
from chatops.tasks import Tasks

_BEAT: Final = 1.0


class Swarm:
    """An agent for each server's key. To be made inside the loop that runs it.

    ``addresses``: from how many addresses of this machine (127.0.0.1 and on) they come, for a
    hub on the loopback that bounds what one address may do; 0 leaves it to the kernel.
    """

    def __init__(
        self, hub: Hub, keys: Mapping[str, str], behaviour: Behaviour, addresses: int = 0
    ) -> None:
        self._behaviour = behaviour
        self._figures = Figures()
        self._since = asyncio.get_running_loop().time()
        walk = Walk()
        self.agents: Final = [
            SwarmAgent(name, key, hub, walk, behaviour, self._figures) for name, key in keys.items()
        ]
        for number, agent in enumerate(self.agents if addresses else ()):
            agent.source = _address(number % addresses)

    async def run(self) -> None:
        """Live until cancelled."""
        async with Tasks() as tasks:
            tasks.spawn(self._connect(tasks), name="connect")
            while True:
                await asyncio.sleep(_BEAT)
                self._beat()

    def take(self) -> Figures:
        """What happened since the last call."""
        found, now = self._figures, asyncio.get_running_loop().time()
        taken = Figures(
            seconds=now - self._since,
            agents=len(self.agents),
            connected=sum(agent.connected for agent in self.agents),
            waiting=sum(len(agent.spool.taken) for agent in self.agents),
        )
        taken.count(found)
        found.clear()
        self._since = now
        return taken

    def behave(self, behaviour: Behaviour) -> None:
        """Go on in another way, at once."""
        vars(self._behaviour).update(vars(behaviour))
        for agent in self.agents:
            agent.pump()

    async def _connect(self, tasks: Tasks) -> None:
        loop = asyncio.get_running_loop()
        began, rate = loop.time(), self._behaviour.connect_rate
        for number, agent in enumerate(self.agents):
            wait = began + number / rate - loop.time()
            if wait > 0:
                await asyncio.sleep(wait)
            backlog = self._behaviour.backlog
            agent.remember(random.randint(0, backlog) if self._behaviour.spread else backlog)
            tasks.spawn(agent.run(), name=agent.name)

    def _beat(self) -> None:
        drop, stall = (rate * _BEAT / 60 for rate in (self._behaviour.drop, self._behaviour.stall))
        for agent in self.agents:
            agent.beat()
            if drop and random.random() < drop:
                agent.drop()
            elif stall and random.random() < stall:
                agent.stall(self._behaviour.stall_for)


def many_files() -> None:
    """Let this process have as many open files as it may."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _address(number: int) -> str:
    return f"127.0.{number // 250}.{number % 250 + 1}"
