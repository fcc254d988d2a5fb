"""Password hashes: argon2id, off the event loop, a few at a time.

Parameters are OWASP's second choice (19 MiB, 2 passes, 1 lane): strong enough, and two
sign-ins at once do not double the hub's memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from passlib.hash import argon2

from chatops.errors import Busy

T = TypeVar("T")
_PARAMETERS: Final = {"type": "ID", "memory_cost": 19_456, "time_cost": 2, "parallelism": 1}
_hasher: Final[Any] = cast("Any", argon2).using(**_PARAMETERS)
_AT_ONCE: Final = 2
_WAITING: Final = 64


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters in it."""
    return str(_hasher.hash(password))


def verify_password(plain: str, hashed: str) -> bool:
    """Whether ``plain`` is the password that was hashed; False for a damaged hash."""
    try:
        return bool(_hasher.verify(plain, hashed))
    except ValueError:
        return False


class PasswordWorker:
    """Runs hashing in threads. Beyond a bounded number of waiting calls it says Busy."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._waiting = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """``hash_password`` in a thread."""
        return await self._run(lambda: hash_password(password))

    async def verify(self, plain: str, hashed: str | None) -> bool:
        """``verify_password`` in a thread; without a hash it takes as long and says False."""
        if hashed is not None:
            return await self._run(lambda: verify_password(plain, hashed))
        if self._decoy is None:
            self._decoy = await self.hash("decoy")
        decoy = self._decoy
        await self._run(lambda: verify_password(plain, decoy))
        return False

    async def prepare(self) -> None:
        """Make the decoy now, so that the first unknown user takes no longer than the rest."""
        self._decoy = await self.hash("decoy")

    async def _run(self, work: Callable[[], T]) -> T:
        if self._waiting >= _WAITING:
            raise Busy("too many sign-ins at once", hint="try again in a few seconds")
        self._waiting += 1
        try:
            async with self._slots:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1
