"""Floods of a hub: connections that say nothing or too little, and passwords that are wrong.

Addresses of 127.0.0.0/8 stand for different clients.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from chatops.tasks import Tasks
from tests.support.strangers import UPGRADE, Stranger, connect

BEGINNINGS: Final = ("", "GET /api/v1/health HTTP/1.1\r\nHost: h", UPGRADE)
"""What a connection of the flood says: nothing, half a head, an upgrade without a first frame."""
_AGAIN: Final = 1.0
"""Seconds until a connection that was cut is made again."""
_AT_ONCE: Final = 100


@dataclass
class Tally:
    """What became of a flood."""

    held: int = 0
    """Connections that stand now."""
    most: int = 0
    opened: int = 0
    """Connections that were made, again and again."""
    answers: Counter[int] = field(default_factory=Counter)
    """Sign-ins by their status; 0 is a connection that was cut."""


def addresses(net: int, count: int) -> list[str]:
    """So many addresses of 127.NET.0.0/16."""
    return [f"127.{net}.{number // 250}.{number % 250 + 1}" for number in range(count)]


async def hold(url: str, count: int, sources: Sequence[str], tally: Tally) -> None:
    """Keep ``count`` connections open in turn from ``sources``, until cancelled."""
    opening = asyncio.Semaphore(_AT_ONCE)
    async with Tasks() as tasks:
        for number, source in zip(range(count), itertools.cycle(sources), strict=False):
            said = BEGINNINGS[number % len(BEGINNINGS)]
            tasks.spawn(_hold_one(url, source, said, opening, tally), name=f"silent {number}")
        await tasks.finished()


async def guess(
    url: str,
    count: int,
    sources: Sequence[str],
    tally: Tally,
    context: ssl.SSLContext | None = None,
) -> None:
    """Sign in ``count`` times with a wrong password, as half of them as nobody who is there."""
    running = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, source: str) -> None:
        async with running:
            name = "admin" if number % 2 else f"user{number}"
            tally.answers[await sign_in(url, source, name, "wrong password", context)] += 1

    async with Tasks() as tasks:
        for number, source in zip(range(count), itertools.cycle(sources), strict=False):
            tasks.spawn(one(number, source), name=f"guess {number}")
        await tasks.finished()


async def sign_in(
    url: str, source: str, user: str, password: str, context: ssl.SSLContext | None = None
) -> int:
    """The status of a sign-in from ``source``; 0 when the connection did not last."""
    body = json.dumps({"username": user, "password": password})
    try:
        stranger = await connect(url, source, context)
    except OSError:
        return 0
    try:
        stranger.say(
            "POST /api/v1/auth/login HTTP/1.1\r\nHost: hub\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        )
        async with asyncio.timeout(60):
            line = await stranger.reader.readline()
        return int(line.split(b" ")[1]) if line else 0
    except (OSError, TimeoutError):
        return 0
    finally:
        await _close(stranger)


async def honest(
    url: str, source: str, user: str, password: str, context: ssl.SSLContext | None = None
) -> float:
    """The seconds that a right sign-in took.

    Raises:
        AssertionError: it was not let in.
    """
    started = time.monotonic()
    status = await sign_in(url, source, user, password, context)
    assert status == 200, f"an honest sign-in got {status}"
    return time.monotonic() - started


async def _hold_one(
    url: str, source: str, said: str, opening: asyncio.Semaphore, tally: Tally
) -> None:
    while True:
        with suppress(OSError):
            async with opening:
                stranger = await connect(url, source)
            tally.opened += 1
            tally.held += 1
            tally.most = max(tally.most, tally.held)
            try:
                stranger.say(said)
                while await stranger.reader.read(65_536):
                    pass
            finally:
                tally.held -= 1
                await _close(stranger)
        await asyncio.sleep(_AGAIN)


async def _close(stranger: Stranger) -> None:
    stranger.writer.close()
    with suppress(OSError, ssl.SSLError):
        await stranger.writer.wait_closed()
