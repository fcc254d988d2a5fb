"""A stand-in for the hub that speaks the real protocol, for tests of the agent alone."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TypeVar

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from chatops.agent.settings import AGENT_PATH
from chatops.protocol import codec
from chatops.protocol.closing import CloseReason
from chatops.protocol.facts import SessionLimits
from chatops.protocol.frames import decode_frame, encode_frame
from chatops.protocol.limits import MAX_STREAM_DATA, STREAM_CREDIT
from chatops.protocol.messages import (
    Auth,
    AuthSuccess,
    Command,
    CommandAck,
    CommandResponse,
    Error,
    Message,
    Metrics,
    MetricsAck,
    MetricsGap,
    Ping,
    Pong,
    StreamClose,
    StreamCredit,
    StreamName,
    StreamOpen,
)
from chatops.protocol.parts import Terminal
from tests.support.waiting import until_async

M = TypeVar("M", bound=Message)
_STREAMS: tuple[tuple[int, StreamName], ...] = ((1, "stdout"), (2, "stderr"))
KEY = "cok_testtest_" + "k" * 43


@dataclass
class StandInHub:
    """What the hub is to do, and what it has seen, over all connections."""

    port: int = 0
    interval: float = 60.0
    limits: SessionLimits = field(default_factory=SessionLimits)
    refuse: CloseReason | None = None
    before_auth: list[Message | str | bytes] = field(default_factory=list)
    welcome: AuthSuccess | None = None
    clock_ahead: float = 0.0
    silent: bool = False
    ack_metrics: bool = True
    ack_commands: bool = True
    give_credit: bool = True
    auths: list[Auth] = field(default_factory=list)
    seen: list[Message] = field(default_factory=list)
    output: dict[int, bytearray] = field(default_factory=dict)
    offsets: dict[int, list[int]] = field(default_factory=dict)
    socket: ServerConnection | None = None
    connections: int = 0
    secure: bool = False
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    hears: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.hears.set()

    @contextlib.contextmanager
    def deaf(self) -> Iterator[None]:
        """Read nothing of what comes, so that it waits with the agent."""
        self.hears.clear()
        try:
            yield
        finally:
            self.hears.set()

    @property
    def url(self) -> str:
        return f"http{'s' if self.secure else ''}://127.0.0.1:{self.port}"

    async def send(self, message: Message) -> None:
        assert self.socket is not None
        await self.socket.send(codec.encode(message))

    async def send_raw(self, frame: str | bytes) -> None:
        assert self.socket is not None
        await self.socket.send(frame)

    async def drop(self) -> None:
        """Cut the connection without a word."""
        assert self.socket is not None
        self.socket.transport.abort()
        self.socket = None

    def of(self, kind: type[M]) -> list[M]:
        return [message for message in self.seen if isinstance(message, kind)]

    async def wait_for(
        self, kind: type[M], test: Callable[[M], bool] = lambda _message: True, *, count: int = 1
    ) -> M:
        """The ``count``-th message of a kind that passes the test."""
        found: list[M] = []

        def enough() -> bool:
            found[:] = [message for message in self.of(kind) if test(message)]
            return len(found) >= count

        await until_async(enough, what=f"{kind.__name__} number {count}")
        return found[count - 1]

    async def connected(self, count: int = 1) -> None:
        await until_async(
            lambda: len(self.auths) >= count and self.socket is not None, what="the agent"
        )

    async def outcome(self, command_id: str) -> CommandResponse:
        return await self.wait_for(
            CommandResponse, lambda one: one.id == command_id and one.state != "running"
        )

    async def run(
        self,
        command: str | list[str],
        *,
        id: str = "c1",  # noqa: A002
        timeout: float | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        watched: bool = True,
        container: str | None = None,
        user: str | None = None,
    ) -> CommandResponse:
        """Run a command with both streams open, to its outcome."""
        await self.start(command, id=id, timeout=timeout, cwd=cwd, env=env, watched=watched,
                         container=container, user=user)  # fmt: skip
        return await self.outcome(id)

    async def start(
        self,
        command: str | list[str],
        *,
        id: str = "c1",  # noqa: A002
        timeout: float | None = None,
        cwd: str | None = None,
        env: dict[str, str] | None = None,
        watched: bool = True,
        stdin: int | None = None,
        container: str | None = None,
        user: str | None = None,
        terminal: Terminal | None = None,
    ) -> None:
        """Send a command; ``stdin`` is the stream that will carry its input."""
        streams = [
            StreamOpen(
                stream=number, command_id=id, name=name, credit=STREAM_CREDIT, watched=watched
            )
            for number, name in _STREAMS
        ]
        if stdin is not None:
            streams.append(StreamOpen(stream=stdin, command_id=id, name="stdin"))
        await self.send(
            Command(id=id, command=command, timeout=timeout, cwd=cwd, env=env or {},
                    streams=streams, stdin=stdin is not None, container=container, user=user,
                    terminal=terminal)
        )  # fmt: skip

    async def resume(
        self, command_id: str, stream: int, name: StreamName, *, offset: int = 0
    ) -> None:
        """Have a stream of a command from before this connection come, or go, on."""
        credit = 0 if name == "stdin" else STREAM_CREDIT
        await self.send(
            StreamOpen(stream=stream, command_id=command_id, name=name, offset=offset,
                       credit=credit, watched=True)
        )  # fmt: skip

    async def feed(self, stream: int, data: bytes, piece: int = MAX_STREAM_DATA) -> None:
        """Send input as the agent gives credit, from where it says on, until it has all of it
        or takes no more."""
        first = await self.wait_for(StreamCredit, lambda one: one.stream == stream)
        position = first.offset
        while position < len(data) and not self.closed(stream):
            allowed = first.offset + self.credit(stream) - position
            part = data[position : position + min(piece, allowed)]
            if part:
                await self.send_raw(encode_frame(stream, position, part))
                position += len(part)
            else:
                await self._more_credit(stream, position - first.offset)

    async def _more_credit(self, stream: int, than: int) -> None:
        await until_async(
            lambda: self.closed(stream) or self.credit(stream) > than, what="more credit"
        )

    async def end_input(self, stream: int, length: int) -> None:
        """Say that the input had so many bytes."""
        await self.send(StreamClose(stream=stream, offset=length))

    def credit(self, stream: int) -> int:
        """The credit that the agent has given on a stream."""
        return sum(one.credit for one in self.of(StreamCredit) if one.stream == stream)

    def closed(self, stream: int) -> bool:
        """Whether the agent has closed a stream."""
        return any(one.stream == stream for one in self.of(StreamClose))

    def text(self, stream: int = 1) -> str:
        return bytes(self.output.get(stream, b"")).decode()

    def answer_http(self, _socket: ServerConnection, request: Request) -> Response | None:
        """Plain requests get the pages that the test laid out."""
        if request.path == AGENT_PATH:
            return None
        self.asked.append((request.path, request.headers.get("Authorization")))
        status, body = self.pages.get(request.path, (404, "nothing here"))
        data = body.encode()
        headers = Headers([("Content-Length", str(len(data))), ("Connection", "close")])
        headers["Date"] = formatdate(usegmt=True)
        return Response(status, "", headers, data)

    # -- the server -----------------------------------------------------------------------

    async def handle(self, socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.path == AGENT_PATH
        self.connections += 1
        with contextlib.suppress(ConnectionClosed):
            if await self._sign_in(socket):
                async for frame in socket:
                    await self.hears.wait()
                    await self._take(socket, frame)
        if self.socket is socket:
            self.socket = None

    async def _sign_in(self, socket: ServerConnection) -> bool:
        for frame in self.before_auth:
            await socket.send(codec.encode(frame) if isinstance(frame, Message) else frame)
        auth = codec.from_agent().decode(await socket.recv())
        assert isinstance(auth, Auth)
        self.auths.append(auth)
        if self.silent:
            await socket.wait_closed()
            return False
        if self.refuse is not None:
            await socket.send(codec.encode(Error(code=self.refuse.name, message=self.refuse.text)))
            await socket.close(self.refuse.code, self.refuse.name)
            return False
        welcome = self.welcome or AuthSuccess(
            server_id="s1", name="web-1", interval=self.interval, time=auth.time + self.clock_ahead,
            limits=self.limits,
        )  # fmt: skip
        await socket.send(codec.encode(welcome))
        self.socket = socket
        return True

    async def _take(self, socket: ServerConnection, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            await self._take_bytes(socket, frame)
            return
        message = codec.from_agent().decode(frame)
        self.seen.append(message)
        match message:
            case Metrics() if self.ack_metrics:
                await self.send(MetricsAck(epoch=message.epoch, seq=message.seq))
            case MetricsGap() if self.ack_metrics:
                await self.send(MetricsAck(epoch=message.epoch, seq=message.last))
            case Ping():
                await self.send(Pong(id=message.id))
            case CommandResponse() if message.state != "running" and self.ack_commands:
                await self.send(CommandAck(id=message.id))
            case _:
                pass

    async def _take_bytes(self, socket: ServerConnection, frame: bytes) -> None:
        stream, offset, data = decode_frame(frame)
        self.output.setdefault(stream, bytearray()).extend(data)
        self.offsets.setdefault(stream, []).append(offset)
        if self.give_credit:
            await socket.send(codec.encode(StreamCredit(stream=stream, credit=len(data))))


@contextlib.asynccontextmanager
async def stand_in_hub(
    hub: StandInHub | None = None, port: int = 0, context: ssl.SSLContext | None = None
) -> AsyncIterator[StandInHub]:
    """A stand-in that listens on a free port of the loopback address."""
    hub = hub or StandInHub()
    hub.secure = context is not None
    async with serve(
        hub.handle, "127.0.0.1", port, ssl=context, compression=None, ping_interval=None,
        process_request=hub.answer_http, max_size=2**20,
    ) as server:  # fmt: skip
        hub.port = next(iter(server.sockets)).getsockname()[1]
        yield hub
