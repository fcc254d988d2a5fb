"""A flood of silent connections and wrong passwords: agents stay, and others can sign in.

Shorter than benchmarks/floods.py, and with nothing but what must hold.
"""

from __future__ import annotations

import asyncio

from chatops.tasks import Tasks
from tests.support.flood import Tally, addresses, guess, hold, honest
from tests.support.processes import PASSWORD, Bench
from tests.support.swarm import swarm
from tests.support.waiting import until_async

SILENT = 2400
GUESSES = 200
PATIENCE = 10.0
"""Seconds within which an honest sign-in must be through: 2 processors do all the work."""


def test_a_flood_keeps_neither_agents_nor_people_out(hub: Bench) -> None:
    keys = {name: hub.add_server(name) for name in ("web-1", "web-2", "web-3")}
    real = hub.start_agent("web-1", keys.pop("web-1"))
    with swarm(hub.url, keys) as agents:
        tally, slowest = asyncio.run(_flood(hub.url))
        assert all(agent.connected for agent in agents)
        assert max(agent.slowest for agent in agents) < PATIENCE
    assert slowest < PATIENCE
    assert tally.answers[401] > 0
    assert tally.answers[401] + tally.answers[429] + tally.answers[503] == GUESSES
    assert real.said.count(b"connected to ") == 1
    events = hub.run("events", "web-1", "-o", "json").json()
    assert [one["event"] for one in events] == ["connected"]
    shown = hub.run("servers", "show", "web-1", "-o", "json").json()
    assert shown["status"] == "online"


async def _flood(url: str) -> tuple[Tally, float]:
    """What became of the flood, and how long the slowest honest sign-in took."""
    tally = Tally()
    async with Tasks() as tasks:
        tasks.spawn(hold(url, SILENT, addresses(1, 6), tally), name="silent")
        await until_async(lambda: tally.opened >= SILENT, within=60, what="the flood")
        guesses = tasks.spawn(guess(url, GUESSES, addresses(2, 10), tally), name="guesses")
        times = [await honest(url, "127.3.0.1", "admin", PASSWORD)]
        while not guesses.done():
            times.append(await honest(url, "127.3.0.1", "admin", PASSWORD))
        return tally, max(times)
