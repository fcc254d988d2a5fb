"""Hundreds of agents in one process: each speaks the real protocol over a socket of its own.

They answer a command ``write N`` with N bytes of LINE on stdout, as fast as the hub's credit
lets them, and send a sample every second. A thread of its own runs them beside a test.
"""

from __future__ import annotations

import asyncio
import itertools
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chatops.protocol.codec import encode
from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import MAX_STREAM_DATA
from chatops.protocol.messages import (
    AuthSuccess,
    Command,
    CommandResponse,
    HubMessage,
    MetricsAck,
    Ping,
    Pong,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.tasks import Tasks
from tests.support.hub import auth_message, metrics_message
from tests.support.waiting import until

LINE: Final = b"0" * 999 + b"\n"
_BLOCK: Final = LINE * (MAX_STREAM_DATA // len(LINE) + 2)
_decode = msgspec.json.Decoder(HubMessage).decode


@dataclass
class _Output:
    """The stdout of a command on its way. ``number`` is None while nobody takes it."""

    command: str
    length: int
    number: int | None = None
    position: int = 0
    credit: int = 0


class SwarmAgent:
    """One agent of the swarm."""

    def __init__(self, name: str, key: str) -> None:
        self.name = name
        self.connected = False
        self.samples = 0
        """Samples that went out."""
        self.slowest = 0.0
        """Seconds that the hub took at most to acknowledge a sample."""
        self._sent: dict[int, float] = {}
        self._key = key
        self._outputs: dict[str, _Output] = {}

    async def run(self, url: str, tasks: Tasks, context: ssl.SSLContext | None = None) -> None:
        """Be connected until cancelled."""
        async with connect(
            url, compression=None, ping_interval=None, max_queue=4, ssl=context
        ) as socket:
            await socket.send(encode(auth_message(self._key, instance=self.name)))
            sampling = tasks.spawn(self._sample(socket), name=f"samples of {self.name}")
            try:
                async for frame in socket:
                    if isinstance(frame, str):
                        await self._take(socket, _decode(frame))
            except ConnectionClosed:
                pass
            finally:
                self.connected = False
                sampling.cancel()

    async def _sample(self, socket: ClientConnection) -> None:
        for seq in itertools.count(1):
            await asyncio.sleep(1.0)
            self._sent[seq] = time.monotonic()
            await socket.send(encode(metrics_message(seq, time.time(), epoch=self.name)))
            self.samples = seq

    async def _take(self, socket: ClientConnection, message: HubMessage) -> None:
        match message:
            case AuthSuccess():
                self.connected = True
            case MetricsAck():
                took = time.monotonic() - self._sent.pop(message.seq, time.monotonic())
                self.slowest = max(self.slowest, took)
            case Ping():
                await socket.send(encode(Pong(id=message.id)))
            case Command():
                await self._start(socket, message)
            case StreamOpen() if message.name == "stdout":
                await self._open(socket, message)
            case StreamCredit():
                for output in list(self._outputs.values()):
                    if output.number == message.stream:
                        output.credit += message.credit
                        await self._pump(socket, output)
            case _:
                pass

    async def _start(self, socket: ClientConnection, message: Command) -> None:
        assert isinstance(message.command, str)
        length = int(message.command.removeprefix("write "))
        self._outputs[message.id] = _Output(message.id, length)
        await socket.send(encode(CommandResponse(id=message.id, state="running")))
        for opening in message.streams:
            if opening.name == "stdout":
                await self._open(socket, opening)
            else:
                await socket.send(encode(StreamClose(stream=opening.stream)))

    async def _open(self, socket: ClientConnection, message: StreamOpen) -> None:
        output = self._outputs[message.command_id]
        output.number, output.position = message.stream, message.offset
        output.credit = message.credit
        await self._pump(socket, output)

    async def _pump(self, socket: ClientConnection, output: _Output) -> None:
        assert output.number is not None
        while output.credit and output.position < output.length:
            count = min(output.credit, output.length - output.position, MAX_STREAM_DATA)
            inside = output.position % len(LINE)
            data = _BLOCK[inside : inside + count]
            await socket.send(encode_frame(output.number, output.position, data))
            output.position += count
            output.credit -= count
        if output.position == output.length and output.command in self._outputs:
            del self._outputs[output.command]
            await socket.send(encode(StreamClose(stream=output.number, offset=output.length)))
            done = CommandResponse(
                id=output.command, state="succeeded", exit_code=0, stdout_bytes=output.length
            )
            await socket.send(encode(done))


@contextmanager
def swarm(
    hub: str, keys: Mapping[str, str], context: ssl.SSLContext | None = None
) -> Iterator[list[SwarmAgent]]:
    """An agent for each server's key, all connected to the hub at that URL."""
    agents = [SwarmAgent(name, key) for name, key in keys.items()]
    url = f"ws{hub.removeprefix('http')}/api/v1/agents/ws"
    loop = asyncio.new_event_loop()
    over = asyncio.Event()

    async def live() -> None:
        async with Tasks() as tasks:
            for agent in agents:
                tasks.spawn(agent.run(url, tasks, context), name=agent.name)
            await over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), name="swarm")
    thread.start()
    try:
        until(lambda: all(agent.connected for agent in agents), within=60, what="the swarm")
        yield agents
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
