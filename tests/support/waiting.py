"""Waiting for conditions, instead of sleeping and hoping."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar, overload

T = TypeVar("T")
PATIENCE: Final = 45.0
"""Seconds that a condition has to come true, also on a slow machine that does other things too."""
_pause = threading.Event()


def pause(seconds: float) -> None:
    """Let others run between two looks at a condition. Not for hoping."""
    _pause.wait(seconds)


def until(
    condition: Callable[[], T], *, within: float = PATIENCE, what: str = "the condition"
) -> T:
    """The first truthy value of ``condition``, asked again and again.

    Raises:
        AssertionError: none came in time.
    """
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {within:g} s"
        pause(0.02)


@overload
async def until_async(
    condition: Callable[[], Awaitable[T]], *, within: float = PATIENCE, what: str = "the condition"
) -> T: ...


@overload
async def until_async(
    condition: Callable[[], T], *, within: float = PATIENCE, what: str = "the condition"
) -> T: ...


async def until_async(
    condition: Callable[[], Awaitable[T] | T],
    *,
    within: float = PATIENCE,
    what: str = "the condition",
) -> T:
    """The same inside an event loop; ``condition`` may be a coroutine function."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if isinstance(value, Awaitable):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not come within {within:g} s"
        await asyncio.sleep(0.02)
