"""An agent that sends what a test says, at once, to a hub here or in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from websockets.asyncio.client import connect

from chatops.protocol.messages import Metrics, MetricsGap
from tests.support.hub import StubAgent, TestHub, auth_message

WINDOW = 32
"""Messages that are under way without an ack, at most."""


async def connected(hub: TestHub, name: str = "web-1") -> StubAgent:
    """The agent of a new server."""
    agent = await hub.agent((await hub.server(name))["key"]["key"])
    await agent.expect("auth_success")
    return agent


async def send(agent: StubAgent, messages: Iterable[Metrics | MetricsGap]) -> None:
    """Send samples and gaps as an agent does, until all are acked."""
    waiting: set[tuple[str, int]] = set()

    async def acked() -> None:
        ack = await agent.expect("metrics_ack")
        waiting.remove((ack["epoch"], ack["seq"]))

    for message in messages:
        await agent.send(message)
        last = message.last if isinstance(message, MetricsGap) else message.seq
        waiting.add((message.epoch, last))
        if len(waiting) == WINDOW:
            await acked()
    while waiting:
        await acked()


def measure(url: str, key: str, messages: Iterable[Metrics | MetricsGap]) -> None:
    """The same to the hub at ``url``, by the agent with that key."""
    asyncio.run(_measure(url, key, messages))


async def _measure(url: str, key: str, messages: Iterable[Metrics | MetricsGap]) -> None:
    address = f"ws{url.removeprefix('http')}/api/v1/agents/ws"
    async with StubAgent(await connect(address, compression=None)) as agent:
        await agent.send(auth_message(key))
        await agent.expect("auth_success")
        await send(agent, messages)
