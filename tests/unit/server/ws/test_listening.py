"""Frames that are heard where they are read: all of them, in order, until a fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from chatops.server.ws.listening import (
    GATHER,
    GATHERED,
    Gathering,
    ListeningSocket,
    SocketEnded,
    receive,
)
from tests.support.waiting import until_async

Serve = Callable[[ListeningSocket], Awaitable[None]]


@asynccontextmanager
async def client_of(serve: Serve) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
    """A client of a socket that ``serve`` has."""

    async def handle(request: web.Request) -> web.StreamResponse:
        socket = ListeningSocket(compress=False, max_msg_size=1000)
        await socket.prepare(request)
        await serve(socket)
        return socket

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    try:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://{host}:{port}/", autoping=False) as socket,
        ):
            yield socket
    finally:
        await runner.cleanup()


async def test_frames_are_heard_in_order_whenever_they_came() -> None:
    heard: list[str | bytes] = []
    first, go_on, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def serve(socket: ListeningSocket) -> None:
        heard.append(await receive(socket))
        first.set()
        await go_on.wait()
        with pytest.raises(SocketEnded, match="that is all"):
            await socket.listen(heard.append, Gathering(lambda frame: len(frame) > 1))
        ended.set()

    async with client_of(serve) as client:
        await client.send_str("0")
        await first.wait()
        await client.send_str("1")
        await client.ping(b"waits with them")
        await client.send_bytes(b"2")
        go_on.set()
        pong = await client.receive()
        assert pong.type is aiohttp.WSMsgType.PONG
        assert pong.data == b"waits with them"
        for number in range(3, 60):
            await client.send_str(str(number))
        await client.close(message=b"that is all")
        await ended.wait()
    assert heard == ["0", "1", b"2", *map(str, range(3, 60))]


async def test_after_a_fault_nothing_is_heard() -> None:
    heard: list[str | bytes] = []
    ended = asyncio.Event()

    def hear(frame: str | bytes) -> None:
        heard.append(frame)
        if frame == "bad":
            raise SocketEnded(None, "no more")

    async def serve(socket: ListeningSocket) -> None:
        with pytest.raises(SocketEnded, match="no more"):
            await socket.listen(hear, Gathering(lambda frame: True))
        ended.set()

    async with client_of(serve) as client:
        for word in ("good", "bad", "late", "later"):
            await client.send_str(word)
        await ended.wait()
    assert heard == ["good", "bad"]


async def test_a_frame_that_is_too_long_ends_it() -> None:
    reasons: list[str] = []
    ended = asyncio.Event()

    async def serve(socket: ListeningSocket) -> None:
        with pytest.raises(SocketEnded) as caught:
            await socket.listen(lambda frame: None, Gathering(lambda frame: True))
        assert caught.value.reason is not None
        reasons.append(caught.value.reason.name)
        ended.set()

    async with client_of(serve) as client:
        await client.send_str("x" * 1001)
        assert (await client.receive()).data == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
        await ended.wait()
    assert reasons == ["too_large"]


async def test_frames_that_may_wait_are_heard_together_and_before_all_that_follows() -> None:
    heard: list[tuple[float, str | bytes]] = []
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    gathering = Gathering(lambda frame: frame != "now")

    async def serve(socket: ListeningSocket) -> None:
        with pytest.raises(SocketEnded):
            await socket.listen(lambda frame: heard.append((loop.time(), frame)), gathering)
        ended.set()

    def words() -> list[str | bytes]:
        return [word for _, word in heard]

    async with client_of(serve) as client:
        sent = loop.time()
        await client.send_str("alone")
        await until_async(lambda: bool(heard), what="the frame that waited for others")
        assert heard[0][0] - sent >= GATHER * 0.9
        for word in ("first", "second", "now"):
            await client.send_str(word)
        await until_async(lambda: len(heard) == 4, what="all four")
        for number in range(GATHERED + 1):
            await client.send_str(str(number))
        await client.close()
        await ended.wait()
    assert words() == ["alone", "first", "second", "now", *map(str, range(GATHERED + 1))]
