"""The swarm against a real hub: what benchmarks and other tests rely on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from benchmarks.swarm.agent import Hub, SwarmAgent
from benchmarks.swarm.behaviour import Behaviour
from benchmarks.swarm.commands import LINE
from benchmarks.swarm.keys import seed_servers
from benchmarks.swarm.swarm import Swarm
from chatops.tasks import Tasks
from tests.support.hub import TestHub, running_hub
from tests.support.waiting import until_async


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[TestHub]:
    async with running_hub(tmp_path / "hub", interval=1.0) as running:
        yield running


@asynccontextmanager
async def swarming(
    hub: TestHub, behaviour: Behaviour, count: int = 3
) -> AsyncIterator[tuple[Swarm, list[SwarmAgent]]]:
    """A swarm that is connected."""
    names = [f"s{number}" for number in range(count)]
    keys = {name: (await hub.server(name))["key"]["key"] for name in names}
    swarm = Swarm(Hub(hub.url), keys, behaviour, addresses=2)
    async with Tasks() as tasks:
        tasks.spawn(swarm.run(), name="swarm")
        await until_async(lambda: all(agent.connected for agent in swarm.agents))
        yield swarm, swarm.agents


async def run(hub: TestHub, command: str, server: str = "s0") -> dict[str, object]:
    """A command on one of them, when it is over."""
    body = {"target": server, "command": command}
    (result,) = await hub.ok("POST", "/commands", body)
    return dict(result)


async def test_samples_are_committed_and_counted(hub: TestHub) -> None:
    async with swarming(hub, Behaviour(interval=0.05)) as (swarm, agents):
        await until_async(lambda: all(agent.spool.last > 5 for agent in agents))
        await until_async(lambda: all(agent.live_at for agent in agents))
        found = swarm.take()
    assert (found.agents, found.connected, found.connects) == (3, 3, 3)
    assert 3 <= found.acked <= found.sent
    assert found.acks.counts.total() == found.acked
    assert 0 < found.acks.percentile(50) <= found.acks.most
    assert not found.errors
    shown = await hub.ok("GET", "/metrics/s0")
    assert shown["cpu"]["count"] == 4


async def test_one_that_is_dropped_comes_back_with_what_it_took_meanwhile(hub: TestHub) -> None:
    async with swarming(hub, Behaviour(interval=0.1), count=1) as (swarm, (agent,)):
        agent.drop()
        await until_async(lambda: not agent.connected)
        before = agent.spool.last
        await until_async(lambda: agent.connected and agent.caught_up_at)
        assert agent.spool.first > before
        found = swarm.take()
    assert found.lost == {"dropped": 1}
    assert found.connects == 2


async def test_a_backlog_is_delivered(hub: TestHub) -> None:
    async with swarming(hub, Behaviour(interval=1.0, backlog=200), count=1) as (_, (agent,)):
        await until_async(lambda: agent.caught_up_at)
        assert agent.spool.first > 200
    page = await hub.ok("GET", "/metrics/s0/history?metric=cpu&limit=1000")
    assert len(page["items"]) >= 200


async def test_a_flood_keeps_to_the_window(hub: TestHub) -> None:
    async with swarming(hub, Behaviour(interval=1.0, flood="acks"), count=1) as (swarm, (agent,)):
        await until_async(lambda: agent.spool.last > 500)
        assert len(agent.spool.taken) <= agent.spool.window
        assert swarm.take().acked > 400


async def test_a_wild_one_and_one_that_is_deaf_do_no_harm(hub: TestHub) -> None:
    async with swarming(hub, Behaviour(interval=0.1), count=2) as (swarm, (deaf, wild)):
        deaf.stall(0.2)
        swarm.behave(Behaviour(interval=0.1, flood="wild"))
        await until_async(lambda: wild.spool.last > 500)
        swarm.behave(Behaviour(interval=0.1))
        assert (await run(hub, "true", "s0"))["status"] == "succeeded"


@pytest.mark.parametrize("size", [0, 10, 2 * len(LINE) + 1])
async def test_commands_are_answered(hub: TestHub, size: int) -> None:
    async with swarming(hub, Behaviour(interval=1.0, output=7), count=1) as (swarm, (agent,)):
        result = await run(hub, f"write {size}")
        assert (result["status"], result["exit_code"]) == ("succeeded", 0)
        assert result["stdout"] == (LINE * 3)[:size].decode()
        assert (await run(hub, "anything"))["stdout"] == LINE[:7].decode()
        await until_async(lambda: not list(agent.commands.held), what="the acks")
        assert swarm.take().commands == 2


async def test_a_key_that_is_no_good_is_not_tried_again(hub: TestHub) -> None:
    swarm = Swarm(Hub(hub.url), {"s0": "cok_abcdefgh_nothing"}, Behaviour())
    async with Tasks() as tasks:
        tasks.spawn(swarm.run(), name="swarm")
        await until_async(lambda: swarm._figures.lost)
        found = swarm.take()
    assert found.lost == {"key_unknown": 1}


async def test_servers_that_were_seeded_let_their_agents_in(tmp_path: Path) -> None:
    keys = await asyncio.to_thread(seed_servers, tmp_path / "other", ["a", "b"])
    async with running_hub(tmp_path / "other") as hub, Tasks() as tasks:
        swarm = Swarm(Hub(hub.url), keys, Behaviour())
        tasks.spawn(swarm.run(), name="swarm")
        await until_async(lambda: all(agent.connected for agent in swarm.agents))
