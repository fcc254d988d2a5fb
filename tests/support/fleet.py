"""Stub agents that play their commands by hand, and a client that follows runs."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import CommandResponse, StreamClose
from tests.support.hub import StubAgent, TestHub


class CommandAgent:
    """A stub agent that plays one command at a time by hand."""

    def __init__(self, agent: StubAgent) -> None:
        self.agent = agent
        self.command: Any = None

    async def started(self) -> None:
        """Take the command and say that it runs."""
        self.command = await self.agent.expect("command")
        await self.agent.send(
            CommandResponse(id=self.command["id"], state="running", started_at=time.time())
        )

    def stream(self, name: str) -> int:
        """The number of one of its streams."""
        return int(next(s["stream"] for s in self.command["streams"] if s["name"] == name))

    async def finished(self, state: str = "succeeded", **fields: Any) -> None:
        """Close the streams, give the outcome, and wait for the hub's ack."""
        for name in ("stdout", "stderr"):
            length = fields.get(f"{name}_bytes", 0)
            await self.agent.send(StreamClose(stream=self.stream(name), offset=length))
        fields = {"exit_code": 0, "duration_ms": 5, **fields}
        await self.agent.send(CommandResponse(id=self.command["id"], state=state, **fields))  # type: ignore[arg-type]
        assert (await self.agent.expect("command_ack"))["id"] == self.command["id"]

    async def play(self, state: str = "succeeded", out: bytes = b"", **fields: Any) -> None:
        """The whole of a command."""
        await self.started()
        if out:
            await self.agent.send_stream(self.stream("stdout"), 0, out)
        await self.finished(state, stdout_bytes=len(out), **fields)


async def connect(hub: TestHub, name: str = "web-1") -> CommandAgent:
    """A new server of that name with its agent."""
    key = (await hub.server(name))["key"]["key"]
    agent = await hub.agent(key)
    await agent.expect("auth_success")
    return CommandAgent(agent)


@asynccontextmanager
async def fleet(hub: TestHub, *names: str) -> AsyncIterator[list[CommandAgent]]:
    """Servers with their agents, in the order of ``names``."""
    async with AsyncExitStack() as stack:
        agents = [await connect(hub, name) for name in names]
        for one in agents:
            await stack.enter_async_context(one.agent)
        yield agents


class Follower:
    """A client at /ws/commands/{id}."""

    def __init__(self, socket: StubAgent) -> None:
        self.socket = socket
        self.events: list[Any] = []
        self.output: dict[int, list[tuple[int, bytes]]] = {}

    async def to_the_end(self) -> int | None:
        """Read until the hub closes; the close code."""
        while (frame := await self.socket.next()) is not None:
            self.take(frame)
        return self.socket.socket.close_code

    def take(self, frame: Any) -> None:
        """Sort a frame into ``events`` and ``output``."""
        if isinstance(frame, StreamFrame):
            self.output.setdefault(frame.stream, []).append((frame.offset, frame.data))
        elif frame["type"] == "command_event":
            self.events.append(frame["data"])

    def bytes_of(self, number: int) -> bytes:
        """All that came on a stream."""
        return b"".join(data for _, data in self.output.get(number, []))

    def event(self, kind: str, number: int = 0) -> Any:
        """One of the events of a kind."""
        return [one for one in self.events if one["event"] == kind][number]


async def attach(hub: TestHub, name: str, token: str | None = "admin", **fields: Any) -> Follower:
    """Follow a command or run; ``fields`` are those of the attach message."""
    socket = await hub.subscribe(f"commands/{name}", token)
    await socket.send_json({"type": "attach", **fields})
    return Follower(socket)


def events_in(frames: list[Any]) -> list[Any]:
    """The text frames of a streamed answer, decoded."""
    return [msgspec.json.decode(one) for one in frames if isinstance(one, bytes)]
