"""A relay on loopback, or of a Unix socket, that can stop forwarding, as a broken network does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from chatops.tasks import Tasks


class Relay:
    """Passes bytes both ways until it is told to hang: sockets stay open, nothing moves."""

    def __init__(self, to: int | str) -> None:
        self._to = to
        self._tasks = Tasks()
        self._open = asyncio.Event()
        self._open.set()
        self._writers: list[asyncio.StreamWriter] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def hang(self) -> None:
        """Forward nothing more on the connections there are."""
        self._open.clear()

    def let_new_ones_through(self) -> None:
        """Connections made from now on work; those before stay silent."""
        self._open = asyncio.Event()
        self._open.set()

    def cut(self) -> None:
        """End the connections there are; what is under way on them is lost."""
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(self._to, str):
            there, back = await asyncio.open_unix_connection(self._to)
        else:
            there, back = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers += [writer, back]
        self._tasks.spawn(self._forward(reader, back, self._open), name="relay out")
        self._tasks.spawn(self._forward(there, writer, self._open), name="relay in")

    async def _forward(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, is_open: asyncio.Event
    ) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await source.read(65536):
                await is_open.wait()
                target.write(data)
                await target.drain()
        target.close()

    async def close(self) -> None:
        await self._tasks.close()
        self.cut()


@contextlib.asynccontextmanager
async def relay(port: int) -> AsyncIterator[Relay]:
    """A relay to a port of this host."""
    line = Relay(port)
    server = await asyncio.start_server(line.take, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        await line.close()


@contextlib.asynccontextmanager
async def unix_relay(path: str, folder: Path) -> AsyncIterator[tuple[Relay, str]]:
    """A relay to a Unix socket, and the path of its own; at the end that is gone."""
    line, own = Relay(path), folder / "relay"
    server = await asyncio.start_unix_server(line.take, own)
    try:
        yield line, str(own)
    finally:
        server.close()
        own.unlink()
        await line.close()
