"""Whatever a hub says: the agent does not crash, hang or grow, and runs nothing but what it may.

No command line of a hub that says anything is to run on the machine of the tests: an agent here
allows none or ``true`` alone, and should its policy fail, ``Careful`` starts nothing else.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from chatops.agent.executor import Executor
from chatops.agent.launch import Launch
from chatops.agent.link import FINAL
from chatops.protocol import closing
from chatops.protocol.codec import HubMessage, encode
from chatops.protocol.frames import MAX_STREAM
from chatops.protocol.messages import (
    AuthSuccess,
    Command,
    Error,
    Message,
    Metrics,
    Ping,
    Pong,
    StreamName,
    StreamOpen,
)
from tests.support import strategies
from tests.support.agents import LocalAgent, local_agent
from tests.support.anything import ONE_PEER, frames
from tests.support.leaks import held
from tests.support.memory import Growth, MiB
from tests.support.stand_in_hub import StandInHub, stand_in_hub
from tests.support.waiting import until_async

HARMLESS: Final = ("true", ["true"])
NOTHING: Final[dict[str, Any]] = {"allow": ()}
ONLY_TRUE: Final[dict[str, Any]] = {
    "allow": ("exec",),
    "policy": {"exec": {"commands": [["true"]]}},
}
_GROWTH: Final = 96 * MiB
"""Of this process. The examples themselves stay in memory: some 30 KiB each."""
_INTERVAL: Final = 0.1
_STREAMS: Final = 5
"""Numbers that the streams of what is really there get: few, so that they meet."""

_wanted = st.builds(
    StreamOpen,
    stream=st.integers(0, 9) | st.integers(MAX_STREAM, 2**40),
    command_id=strategies.TEXT,
    name=st.sampled_from(get_args(StreamName)),
    credit=st.integers(0, 100),
)
_true = st.builds(
    Command,
    id=strategies.TEXT,
    command=st.sampled_from(HARMLESS),
    timeout=st.none() | strategies.FLOAT,
    cwd=st.sampled_from([None, "/none"]),  # which gives some output
    stdin=st.booleans(),
    streams=st.lists(_wanted, min_size=1, max_size=3),
)
_closing = st.builds(Error, code=st.sampled_from(sorted(closing.REASONS)), message=strategies.TEXT)
_any = st.one_of([strategies.of(kind) for kind in get_args(HubMessage)])
SAID: Final = frames(get_args(HubMessage), _true, _closing)
OF_COMMANDS: Final = st.builds(lambda *parts: [*parts[:-1], *parts[-1]], _true, _any, _true, SAID)
"""The first and the third are really there."""


class Careful:
    """Starts commands that do no harm, and counts them."""

    def __init__(self) -> None:
        self.started = 0

    def __call__(self, command: str | list[str], **more: Any) -> Launch:
        assert command in HARMLESS
        self.started += 1
        return Launch(command, **more)


class World:
    """A hub, its agent, and how it is seen that nothing came of what was said."""

    def __init__(self, hub: StandInHub, log: pytest.LogCaptureFixture, careful: Careful) -> None:
        self.hub = hub
        self.log = log
        self.careful = careful
        self.local: LocalAgent | None = None
        self._allowed: dict[str, Any] = {}
        self._agents = AsyncExitStack()
        self._numbers = itertools.count(2**40)
        self._growth: Growth | None = None
        self._at_rest: tuple[int, ...] = ()

    async def begin(self, allowed: dict[str, Any]) -> None:
        """Have an agent that allows this, and see what it needs when it has nothing to do."""
        if self.local is None:
            self._allowed = allowed
            await self._start()
            await self._is_heard()
            self._at_rest, self._growth = amounts(), Growth(os.getpid())

    async def say(self, said: Sequence[Any]) -> None:
        """Say it for as long as it is heard, and let it have its way. Every other message is of
        what is really there."""
        socket, last = self.hub.socket, Ping(id=next(self._numbers))
        ids = [f"{next(self._numbers)}" for _ in range(2)]
        for number, frame in enumerate(said):
            real = number % 2 == 0 and isinstance(frame, Message)
            await self._send(of_what_is_there(frame, ids[number % 4 // 2]) if real else frame)
        await self._send(last)
        await until_async(
            lambda: self._answered(last) or self.hub.socket is not socket, what="all answers"
        )
        await until_async(lambda: self.executor.running == 0 or self._is_over, what="all ends")

    async def reconnect(
        self, before: Sequence[Any] = (), welcome: AuthSuccess | None = None
    ) -> None:
        """Cut the connection. The next one begins with what is said ``before``."""
        hub = self.hub
        await until_async(lambda: hub.socket is not None or self._is_over, what="the agent")
        count, hub.before_auth, hub.welcome = hub.connections, list(before), welcome
        if hub.socket is not None:
            await hub.drop()
        await until_async(lambda: hub.connections > count or self._is_over, what="the agent")
        await until_async(lambda: hub.socket is not None or self._is_over, what="its session")
        hub.before_auth, hub.welcome = [], None

    async def check(self, said: Sequence[Any]) -> None:
        """The agent comes back and sends samples; of what was said there is no trace."""
        await self.reconnect()
        if self._is_over:
            await self._start_again(said)
        await self._is_heard()
        await until_async(lambda: self.executor.unacked == 0, what="all acks")
        await until_async(
            lambda: all(now <= rest for now, rest in zip(amounts(), self._at_rest, strict=True)),
            what="the end of what was begun",
        )
        faults = [one for one in self.log.records if one.exc_info or one.levelno >= logging.ERROR]
        assert [one.getMessage() for one in faults] == []
        assert self._growth is not None
        assert self._growth.now < _GROWTH
        for kept in (self.log, self.hub.output, self.hub.offsets, self.hub.auths, self.hub.seen):
            kept.clear()

    async def close(self) -> None:
        await self._agents.aclose()

    @property
    def executor(self) -> Executor:
        assert self.local is not None
        return self.local.agent.executor

    @property
    def _is_over(self) -> bool:
        return self.local is not None and self.local.task.done()

    async def _start(self) -> None:
        agent = local_agent(self.hub.url, interval=_INTERVAL, **self._allowed)
        self.local = await self._agents.enter_async_context(agent)

    async def _start_again(self, said: Sequence[Any]) -> None:
        """The agent may end only when it was told that its key will never do."""
        assert self.local is not None
        assert await self.local.ends() == 3
        texts = [encode(one) if isinstance(one, Message) else str(one) for one in said]
        assert any(reason in text for text in texts for reason in FINAL)
        await self._agents.aclose()
        await self._start()

    async def _send(self, frame: Message | str | bytes) -> None:
        with suppress(ConnectionClosed):
            if self.hub.socket is not None:
                await self.hub.socket.send(encode(frame) if isinstance(frame, Message) else frame)

    def _answered(self, ping: Ping) -> bool:
        return any(one.id == ping.id for one in self.hub.of(Pong))

    async def _is_heard(self) -> None:
        asked, samples = Ping(id=next(self._numbers)), len(self.hub.of(Metrics))

        async def answers() -> bool:
            await self._send(asked)
            return self._answered(asked)

        await until_async(answers, what="the answer to a ping")
        await until_async(lambda: len(self.hub.of(Metrics)) > samples, what="another sample")


def of_what_is_there(frame: Any, command_id: str) -> Any:
    """The same about a command that may be there, on a stream that may be open."""
    changes: dict[str, Any] = {}
    for name in ("id", "command_id"):
        if isinstance(getattr(frame, name, None), str):
            changes[name] = command_id
    if hasattr(frame, "stream") and frame.stream <= MAX_STREAM:
        changes["stream"] = frame.stream % _STREAMS
    if isinstance(frame, Command):
        changes["streams"] = [of_what_is_there(one, command_id) for one in frame.streams]
    return msgspec.structs.replace(frame, **changes)


def amounts() -> tuple[int, int, int]:
    """How many tasks, child processes and open files there are."""
    now = held()
    return len(asyncio.all_tasks()), len(now.children), len(now.files)


@pytest.fixture
async def world(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    """An agent that comes back at once, measures often, and does not wait for streams that
    nobody opens."""
    monkeypatch.setattr("chatops.agent.settings.MIN_INTERVAL", _INTERVAL)
    for name in ("CAP", "LONG_CAP"):
        monkeypatch.setattr(f"chatops.protocol.session.backoff.{name}", 0.02)
    monkeypatch.setattr("chatops.agent.delivery.RESUME_SECONDS", 0.05)
    careful = Careful()
    monkeypatch.setattr("chatops.agent.run.Launch", careful)
    async with stand_in_hub() as hub:
        made = World(hub, caplog, careful)
        yield made
        await made.close()


@ONE_PEER
@given(said=SAID)
async def test_nothing_runs_that_is_not_allowed(world: World, said: list[Any]) -> None:
    await world.begin(NOTHING)
    await world.say(said)
    await world.check(said)
    assert world.careful.started == 0


@ONE_PEER
@given(said=OF_COMMANDS)
async def test_a_hub_that_says_anything(world: World, said: list[Any]) -> None:
    await world.begin(ONLY_TRUE)
    await world.say(said)
    await world.check(said)
    assert world.hub.socket is not None, "the agent is there"


@ONE_PEER
@given(before=OF_COMMANDS, said=OF_COMMANDS)
async def test_a_hub_that_says_anything_before_it_knows_the_agent(
    world: World, before: list[Any], said: list[Any]
) -> None:
    await world.begin(ONLY_TRUE)
    await world.reconnect(before)
    await world.say(said)
    await world.check([*before, *said])
    assert world.hub.socket is not None, "the agent is there"


@ONE_PEER
@given(welcome=strategies.of(AuthSuccess), said=OF_COMMANDS)
async def test_a_hub_that_welcomes_with_anything(
    world: World, welcome: AuthSuccess, said: list[Any]
) -> None:
    await world.begin(ONLY_TRUE)
    await world.reconnect(welcome=welcome)
    await world.say(said)
    await world.check(said)
    assert world.hub.socket is not None, "the agent is there"
