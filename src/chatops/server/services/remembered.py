"""Rows that every request asks for, believed for a moment without asking the database again."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

T = TypeVar("T")
LIFE: Final = 1.0
"""Seconds that a row is believed."""
_MOST: Final = 10_000


class Remembered(Generic[T]):
    """What ``load`` finds for a key. Whoever changes a row says ``forget`` after the commit:
    what was read before that is not believed from then on, not even by a reading under way."""

    def __init__(self, load: Callable[[str], Awaitable[T | None]]) -> None:
        self._load = load
        self._known: dict[str, tuple[float, T | None]] = {}
        self._forgotten = 0

    async def get(self, key: str) -> T | None:
        """The row, as it is or was a moment ago; None when there is none."""
        known, now = self._known.get(key), time.monotonic()
        if known is not None and now - known[0] < LIFE:
            return known[1]
        before = self._forgotten
        found = await self._load(key)
        if before == self._forgotten:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = (now, found)
        return found

    def forget(self, key: str) -> None:
        """Look it up again before the next decision about it."""
        self._forgotten += 1
        self._known.pop(key, None)
