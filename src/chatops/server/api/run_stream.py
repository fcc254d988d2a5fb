"""A run as one long answer: enveloped frames, until the last command is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

import msgspec
from aiohttp import ClientConnectionResetError, web

from chatops.errors import ChatOpsError
from chatops.protocol import rest
from chatops.protocol.frames import (
    ALIVE,
    CONTENT_TYPE,
    StreamFrame,
    envelope_binary,
    envelope_text,
)
from chatops.protocol.rest import StreamEvent
from chatops.server.services.following import Following
from chatops.server.services.run_events import Teller

WATCHER_STALL: Final = 60.0
"""Seconds after which a watcher that takes no byte counts as gone."""
IDLE_CHECK: Final = 5.0
"""Seconds between two looks whether the watcher of what is silent is still there; it is told
then that the hub is."""
T = TypeVar("T")
_encode = msgspec.json.Encoder().encode


async def stream(request: web.Request, following: Following) -> web.StreamResponse:
    """Answer ``request`` with all that happens. A watcher that is gone ends the answer, and
    nothing else."""
    response, teller = web.StreamResponse(headers={"Content-Type": CONTENT_TYPE}), Teller()
    try:
        await response.prepare(request)
        await _write(response, teller.run(following.run_id, following.servers))
        try:
            await _copy(request, response, following, teller)
        except ChatOpsError as error:
            detail = rest.ErrorDetail(code=error.code, message=error.message, hint=error.hint)
            await _write(response, StreamEvent(event="error", error=detail))
        await response.write_eof()
    except (TimeoutError, ConnectionError, ClientConnectionResetError):
        pass
    return response


async def _copy(
    request: web.Request, response: web.StreamResponse, following: Following, teller: Teller
) -> None:
    while (item := await until_gone(request, response, following.next)) is not None:
        await _write(response, teller.tell(item))


async def until_gone(
    request: web.Request, response: web.StreamResponse, ask: Callable[[], Awaitable[T]]
) -> T:
    """What ``ask`` gives; it is cancelled and asked again while the watcher is there.

    Raises:
        TimeoutError: the watcher is gone.
    """
    while True:
        try:
            async with asyncio.timeout(IDLE_CHECK):
                return await ask()
        except TimeoutError:
            if request.transport is None or request.transport.is_closing():
                raise
        await write(response, ALIVE)


async def write(response: web.StreamResponse, data: bytes) -> None:
    """Send bytes.

    Raises:
        TimeoutError: the watcher takes none.
    """
    async with asyncio.timeout(WATCHER_STALL):
        await response.write(data)


async def _write(response: web.StreamResponse, frame: StreamEvent | StreamFrame) -> None:
    data = envelope_binary(*frame) if isinstance(frame, StreamFrame) else None
    await write(response, data if data is not None else envelope_text(_encode(frame)))
