"""An agent that sends what a test says, at once, to a hub that is a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from websockets.asyncio.client import connect

from chatops.protocol.messages import Metrics, MetricsGap
from tests.support.hub import StubAgent, auth_message

WINDOW = 32
"""Messages that are under way without an ack, at most."""


def measure(url: str, key: str, messages: Iterable[Metrics | MetricsGap]) -> None:
    """Send samples and gaps to the hub at ``url``, until all are acked."""
    asyncio.run(_measure(url, key, messages))


async def _measure(url: str, key: str, messages: Iterable[Metrics | MetricsGap]) -> None:
    address = f"ws{url.removeprefix('http')}/api/v1/agents/ws"
    async with StubAgent(await connect(address, compression=None)) as agent:
        await agent.send(auth_message(key))
        await agent.expect("auth_success")
        waiting = 0
        for message in messages:
            await agent.send(message)
            waiting += 1
            if waiting == WINDOW:
                await agent.expect("metrics_ack")
                waiting -= 1
        for _ in range(waiting):
            await agent.expect("metrics_ack")
