"""Raw connections to a hub from addresses of one's choice, which say only what a test says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import NamedTuple
from urllib.parse import urlsplit

UPGRADE = (
    "GET /api/v1/agents/ws HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\n\r\n"
)


class Stranger(NamedTuple):
    """One connection."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def say(self, text: str) -> None:
        """Send some text."""
        self.writer.write(text.encode())

    async def ask(self, path: str, token: str | None = None) -> int:
        """The status of a GET on a kept connection."""
        more = f"Authorization: Bearer {token}\r\n" if token else ""
        self.say(f"GET /api/v1{path} HTTP/1.1\r\nHost: hub\r\n{more}\r\n")
        async with asyncio.timeout(10):
            head = await self.reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            )
            await self.reader.readexactly(length)
        return int(head.split(b" ")[1])

    async def heard(self) -> bytes:
        """All that the hub says until it closes."""
        said = b""
        with suppress(ConnectionError):
            async with asyncio.timeout(15):
                while part := await self.reader.read(65_536):
                    said += part
        return said

    def cut(self) -> bool:
        """Whether the hub has closed it, and all that it said before was read."""
        return self.reader.at_eof() or self.reader.exception() is not None


async def connect(
    url: str, address: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Stranger:
    """A connection to the hub at ``url`` that comes from ``address``."""
    parts = urlsplit(url)
    return Stranger(
        *await asyncio.open_connection(
            parts.hostname, parts.port, local_addr=(address, 0), ssl=context
        )
    )


@asynccontextmanager
async def strangers(url: str, *addresses: str) -> AsyncIterator[list[Stranger]]:
    """A connection from each address, in that order; all are closed at the end."""
    async with AsyncExitStack() as stack:
        made = []
        for address in addresses:
            one = await connect(url, address)
            stack.push_async_callback(_close, one)
            made.append(one)
        yield made


async def _close(one: Stranger) -> None:
    one.writer.close()
    with suppress(ConnectionError):
        await one.writer.wait_closed()
