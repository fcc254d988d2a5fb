"""Whatever comes over a socket: nothing crashes, hangs or grows, and others notice nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from chatops.protocol import client_messages, codec, messages
from chatops.protocol.codec import encode
from chatops.protocol.messages import Message, Ping
from tests.support import strategies
from tests.support.anything import ONE_PEER, frames
from tests.support.hub import StubAgent, TestHub, auth_message
from tests.support.waiting import until_async

IDS = ("id", "command_id")
_LAST = 2**40 + 7


FROM_AGENT = frames(get_args(codec.AgentMessage))
FROM_CLIENT = frames(get_args(client_messages.FromClient))


class World:
    """What the examples of one test share, and how it is seen that nothing came of them."""

    def __init__(self, hub: TestHub, log: pytest.LogCaptureFixture) -> None:
        self.hub = hub
        self.log = log
        self.keys: list[str] = []
        self.good: StubAgent | None = None
        self.tasks = 0

    async def begin(self) -> None:
        if self.good is None:
            for name in ("web-1", "web-2"):
                self.keys.append((await self.hub.server(name))["key"]["key"])
            self.good = await self.hub.agent(self.keys[1])
            await self.good.expect("auth_success")
        self.tasks = self.tasks or len(asyncio.all_tasks())

    async def a_run(self) -> Any:
        """A run on ``web-1`` that its agent does not end."""
        body = {"target": "web-1", "command": "true", "mode": "detach"}
        return await self.hub.ok("POST", "/commands", body)

    async def check(self) -> None:
        """The hub answers, the other agent is heard, and no task is left of the example."""
        assert self.good is not None
        await self.good.send(Ping(id=7))
        assert (await self.good.expect("pong"))["id"] == 7
        await self.hub.ok("GET", "/servers/web-1")
        failures = [one for one in self.log.records if one.exc_info or one.levelno > logging.ERROR]
        assert failures == []
        await until_async(
            lambda: len(asyncio.all_tasks()) <= self.tasks + 3, what="the end of what was begun"
        )


async def say(socket: StubAgent, frames: Sequence[Any], ids: Sequence[str] = ()) -> None:
    """Send frames for as long as they are taken; every other id is one of those given."""
    try:
        for number, frame in enumerate(frames):
            for name in IDS if ids and isinstance(frame, Message) and number % 2 else ():
                if hasattr(frame, name):
                    frame = msgspec.structs.replace(frame, **{name: ids[0]})
            await socket.socket.send(encode(frame) if isinstance(frame, Message) else frame)
        await socket.send(Ping(id=_LAST))
        while (answer := await socket.next()) is not None:
            if isinstance(answer, dict) and answer.get("id") == _LAST:
                return
    except ConnectionClosed:
        pass


@pytest.fixture
async def world(hub: TestHub, caplog: pytest.LogCaptureFixture) -> World:
    made = World(hub, caplog)
    await made.begin()
    return made


@ONE_PEER
@given(said=FROM_AGENT)
async def test_an_agent_that_says_anything(world: World, said: list[Any]) -> None:
    async with await world.hub.agent(world.keys[0], time=time.time()) as agent:
        await agent.expect("auth_success")
        run = await world.a_run()
        await say(agent, said, [run["commands"][0]["id"]])
    await world.check()


@ONE_PEER
@given(first=st.one_of(FROM_AGENT, FROM_CLIENT), agents=st.booleans())
async def test_anything_before_the_first_frame(
    world: World, first: list[Any], agents: bool
) -> None:
    path = "/agents/ws" if agents else "/ws/metrics/web-1"
    async with await world.hub.connect(path) as socket:
        await say(socket, first)
    await world.check()
    assert (await world.hub.ok("GET", "/servers/web-1"))["name"] == "web-1"


@ONE_PEER
@given(fields=strategies.of(messages.Auth))
async def test_an_agent_that_is_anything(world: World, fields: messages.Auth) -> None:
    """All of an auth message but its key and version is anything."""
    right = auth_message(world.keys[0])
    said = msgspec.structs.replace(fields, api_key=right.api_key, protocol=right.protocol)
    async with await world.hub.raw_agent() as agent:
        await agent.send(said)
        await say(agent, [])
    await world.check()
    assert (await world.hub.ok("GET", "/servers/web-1"))["name"] == "web-1"


@ONE_PEER
@given(said=FROM_CLIENT, place=st.sampled_from(["metrics/web-1", "logs/web-1", "commands"]))
async def test_a_client_that_says_anything(world: World, said: list[Any], place: str) -> None:
    if place == "commands":
        async with await world.hub.agent(world.keys[0]) as agent:
            await agent.expect("auth_success")
            place = f"commands/{(await world.a_run())['run_id']}"
    async with await world.hub.subscribe(place) as socket:
        await say(socket, said)
    await world.check()
