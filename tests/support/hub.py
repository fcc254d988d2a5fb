"""A real hub inside the test's event loop: real sockets on a free port, real SQLite files."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import aiohttp
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from chatops.clock import Clock
from chatops.protocol import PROTOCOL_VERSION
from chatops.protocol.codec import encode
from chatops.protocol.facts import HostFacts, JournalFacts, PolicyFacts
from chatops.protocol.frames import decode_frame, encode_frame
from chatops.protocol.messages import (
    Auth,
    Message,
    Metrics,
)
from chatops.protocol.metrics import Cpu, Disk, Memory, Sample
from chatops.server.api.operation import PREFIX
from chatops.server.app import Hub, open_hub
from chatops.server.claim import bind
from chatops.server.first_run import ensure_admin
from chatops.server.main import listening
from chatops.server.secrets import HubSecrets, load_secrets
from chatops.server.services import passwords
from chatops.server.settings import HubSettings
from chatops.server.tls import open_certificate
from tests.support.databases import lay_out
from tests.support.waiting import until_async

PASSWORD = "correct horse"
_CHEAP = passwords._hasher.using(time_cost=1, memory_cost=8)
"""Hashes that take a thousandth of the time: nobody guesses passwords here."""


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers, and the body as JSON if it is any."""

    status: int
    headers: Any
    body: Any

    @property
    def code(self) -> str | None:
        """The error's code, if it is an error in our shape."""
        return self.body["error"]["code"] if isinstance(self.body, dict) else None


class TestHub:
    """A running hub with an HTTP session; ``call`` speaks as the given token."""

    __test__ = False

    def __init__(self, hub: Hub, http: aiohttp.ClientSession, url: str) -> None:
        self.hub = hub
        self.services = hub.services
        self.url = url
        self.http = http
        self.admin = ""

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = "admin",
        data: bytes | None = None,
        prefix: str = PREFIX,
    ) -> Answer:
        """One request; ``token`` "admin" is the administrator's, None is nobody."""
        token = self.admin if token == "admin" else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            data = msgspec.json.encode(body)
        url = f"{self.url}{prefix}{path}"
        payload = io.BytesIO(data) if data is not None else None
        async with self.http.request(method, url, data=payload, headers=headers) as response:
            raw = await response.read()
            is_json = response.content_type == "application/json" and raw
            return Answer(
                response.status, response.headers, msgspec.json.decode(raw) if is_json else raw
            )

    async def ok(self, method: str, path: str, body: object = None, **options: Any) -> Any:
        """The body of an answer that must be a success."""
        answer = await self.call(method, path, body, **options)
        assert answer.status < 400, answer.body
        return answer.body

    async def login(self, name: str = "admin", password: str = PASSWORD) -> str:
        """An access token."""
        body = {"username": name, "password": password}
        pair = await self.ok("POST", "/auth/login", body, token=None)
        return str(pair["access_token"])

    async def user(self, name: str, role: str) -> str:
        """A new account's access token."""
        await self.ok("POST", "/users", {"name": name, "password": PASSWORD, "role": role})
        return await self.login(name)

    async def server(self, name: str, *, token: str | None = "admin", **fields: Any) -> Any:
        """A new server with a key."""
        body = {"name": name, "key": True, **fields}
        return await self.ok("POST", "/servers", body, token=token)

    async def agent(self, key: str, **facts: Any) -> StubAgent:
        """A connected agent for a key, its handshake done."""
        agent = await self.raw_agent()
        await agent.send(auth_message(key, **facts))
        return agent

    async def raw_agent(self) -> StubAgent:
        """A socket to the agents' endpoint, before any frame."""
        return await self.connect("/agents/ws")

    async def raw_client(self, path: str) -> StubAgent:
        """A socket for clients, before any frame."""
        return await self.connect(f"/ws/{path}")

    async def connect(self, path: str) -> StubAgent:
        """A WebSocket to any path of the API, before any frame."""
        url = f"ws{self.url.removeprefix('http')}/api/v1{path}"
        return StubAgent(await connect(url, compression=None, ping_interval=None, close_timeout=2))

    async def subscribe(self, path: str, token: str | None = "admin") -> StubAgent:
        """A client's socket after its auth frame."""
        socket = await self.raw_client(path)
        token = self.admin if token == "admin" else token
        await socket.send_json({"type": "auth", "token": token})
        return socket

    async def wait_status(self, server: str, status: str) -> None:
        """Until the hub says that a server is in that status."""

        async def there() -> bool:
            return bool((await self.ok("GET", f"/servers/{server}"))["status"] == status)

        await until_async(there, what=f"{server} {status}")


class StubAgent:
    """One end of a WebSocket that a test speaks by hand."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def send(self, message: Message) -> None:
        """A protocol message."""
        await self.socket.send(encode(message))

    async def send_json(self, value: object) -> None:
        """Any JSON."""
        await self.socket.send(msgspec.json.encode(value).decode())

    async def send_stream(self, stream: int, offset: int, data: bytes) -> None:
        """A binary stream frame."""
        await self.socket.send(encode_frame(stream, offset, data))

    async def next(self) -> Any:
        """The next text frame as JSON (a binary one as StreamFrame); None when closed."""
        try:
            async with asyncio.timeout(30):
                frame = await self.socket.recv()
        except ConnectionClosed:
            return None
        return decode_frame(frame) if isinstance(frame, bytes) else msgspec.json.decode(frame)

    async def expect(self, kind: str) -> Any:
        """The next frame of that type; others before it are passed over."""
        while True:
            frame = await self.next()
            assert frame is not None, f"the socket was closed before {kind} came"
            if isinstance(frame, dict) and frame["type"] == kind:
                return frame

    async def closed(self) -> tuple[int | None, list[Any]]:
        """Read to the end: the close code, and the frames before it."""
        frames = []
        while (frame := await self.next()) is not None:
            frames.append(frame)
        return self.socket.close_code, frames

    async def close(self) -> None:
        """End the connection from this side."""
        await self.socket.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def auth_message(key: str, *, epoch: str = "journal-1", **fields: Any) -> Auth:
    """What an agent says first."""
    base: dict[str, Any] = {
        "api_key": key,
        "agent_version": "0.1.0",
        "protocol": PROTOCOL_VERSION,
        "instance": "i1",
        "journal": JournalFacts(epoch=epoch),
        "time": 0.0,
        "host": HostFacts(hostname="stub", os="Stub OS", machine_id="m1"),
        "policy": PolicyFacts(allow=["exec"]),
    }
    return Auth(**(base | fields))


def sample(cpu: float = 12.5) -> Sample:
    """A small sample."""
    return Sample(
        cpu=Cpu(percent=cpu, count=2),
        load=[0.1, 0.2, 0.3],
        memory=Memory(total=100, used=40, available=60, percent=40.0),
        disks=[Disk(mount="/", percent=70.0, total=10, used=7, free=3)],
    )


def metrics_message(seq: int, ts: float, *, epoch: str = "spool-1", cpu: float = 12.5) -> Metrics:
    """One sample as an agent sends it."""
    return Metrics(epoch=epoch, seq=seq, ts=ts, data=sample(cpu))


@asynccontextmanager
async def running_hub(
    folder: Path,
    *,
    clock: Clock | None = None,
    migrated: bool = True,
    hasher: Any = _CHEAP,
    **settings: Any,
) -> AsyncIterator[TestHub]:
    """A hub on ``folder``; the administrator's password is PASSWORD."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if migrated and not (folder / "chatops.db").exists():
        lay_out(folder)
    given = HubSettings(port=0, data_dir=folder, admin_password=PASSWORD)
    with patch.object(passwords, "_hasher", hasher):
        async with _running(replace(given, **settings), load_secrets(folder), clock) as hub:
            yield hub


@asynccontextmanager
async def _running(
    settings: HubSettings, secrets: HubSecrets, clock: Clock | None
) -> AsyncIterator[TestHub]:
    async with open_hub(settings, secrets, clock) as hub:
        database, services = hub.databases.chatops, hub.services
        await ensure_admin(database, services.auth, services.audit, services.settings, print)
        certificate = open_certificate(services.settings)
        anybody = aiohttp.TCPConnector(ssl=False)  # who shows which certificate is tested elsewhere
        async with (
            listening(hub, bind(services.settings), certificate) as url,
            aiohttp.ClientSession(connector=anybody) as http,
        ):
            test_hub = TestHub(hub, http, url)
            test_hub.admin = await test_hub.login()
            yield test_hub
