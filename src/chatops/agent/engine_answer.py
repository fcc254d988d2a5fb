"""An answer of the container engine that goes on, in the event loop: many of them need no threads.

``engine_stream`` is the same for a source that has a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlencode

import msgspec

from chatops.agent.engine import CODES, EngineError, unreachable
from chatops.protocol.limits import KiB, MiB
from chatops.text import shorten

ANSWER: Final = 20.0
"""Seconds that the engine has to begin its answer."""
_SOME: Final = 64 * KiB
_AHEAD: Final = 16 * KiB
"""Bytes that are read ahead of whoever takes them, twice at most: a hundred may be waiting."""
_LONGEST: Final = 4 * MiB
"""Bytes of an answer that is read as a whole."""


class _Told(msgspec.Struct):
    message: str = ""


@asynccontextmanager
async def opened(
    path: str, target: str, query: Mapping[str, str | int] | None = None
) -> AsyncIterator[asyncio.StreamReader]:
    """The body of the engine's answer to a GET, through its socket ``path``.

    Raises:
        EngineError: it cannot be asked, or says no.
    """
    writer = None
    try:
        async with asyncio.timeout(ANSWER):
            reader, writer = await asyncio.open_unix_connection(path, limit=_AHEAD)
            where = f"{target}?{urlencode(query)}" if query else target
            # HTTP/1.0: the bytes come as they are, without chunks, until it closes.
            writer.write(f"GET {where} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
            status = _status(await reader.readuntil(b"\r\n\r\n"))
            if status >= 300:
                raise _refusal(status, await reader.read(_SOME))
        yield reader
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        told = error if isinstance(error, OSError) else ConnectionError("it broke its answer off")
        raise unreachable(told, path, ANSWER) from None
    finally:
        if writer is not None:
            writer.close()


async def whole(path: str, target: str) -> bytes:
    """An answer that ends.

    Raises:
        EngineError: as ``opened``, or it is larger than any.
    """
    found = bytearray()
    async with opened(path, target) as reader, asyncio.timeout(ANSWER):
        while data := await reader.read(_SOME):
            found += data
            if len(found) > _LONGEST:
                raise EngineError("conflict", "the engine's answer is larger than any should be")
    return bytes(found)


def _status(head: bytes) -> int:
    words = head.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise ConnectionError("it does not speak HTTP")
    return int(words[1])


def _refusal(status: int, body: bytes) -> EngineError:
    try:
        text = msgspec.json.decode(body, type=_Told).message
    except (msgspec.DecodeError, UnicodeDecodeError):
        text = f"status {status}"
    return EngineError(CODES.get(status, "conflict"), shorten(f"the engine says: {text}", 500))
