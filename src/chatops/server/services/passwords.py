"""Password hashes: argon2id, off the event loop, a few at a time.

Parameters are OWASP's second choice (19 MiB, 2 passes, 1 lane): strong enough, and two
sign-ins at once do not double the hub's memory.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from passlib.hash import argon2

from chatops.protocol.limits import MAX_ADDRESS_PASSWORD_CHECKS, MAX_PASSWORD_CHECKS
from chatops.server.services.limiter import network_of
from chatops.server.services.turns import Turns

T = TypeVar("T")
_PARAMETERS: Final = {"type": "ID", "memory_cost": 19_456, "time_cost": 2, "parallelism": 1}
_hasher: Final[Any] = cast("Any", argon2).using(**_PARAMETERS)
_AT_ONCE: Final = max(1, min(4, (os.cpu_count() or 1) // 2))
"""So many at the same time that the event loop keeps a processor for itself."""


def hash_password(password: str) -> str:
    """The argon2id hash of a password, with its salt and parameters in it."""
    return str(_hasher.hash(password))


def verify_password(plain: str, hashed: str) -> bool:
    """Whether ``plain`` is the password that was hashed; False for a damaged hash."""
    try:
        return bool(_hasher.verify(plain, hashed))
    except ValueError:
        return False


def _decoy() -> str:
    """The hash of no password that anybody knows: to check one against it takes as long as against
    any other, and it need not be computed first."""
    digest = bytes(_hasher.checksum_size)
    return str(_hasher(use_defaults=True, checksum=digest).to_string())


class PasswordWorker:
    """Runs hashing in threads, in turns by address: a flood of one keeps nobody else waiting."""

    def __init__(self) -> None:
        self._turns = Turns(_AT_ONCE, MAX_PASSWORD_CHECKS, MAX_ADDRESS_PASSWORD_CHECKS, "sign-ins")
        self._decoy = _decoy()

    async def hash(self, password: str, address: str = "") -> str:
        """``hash_password`` in a thread. Work without an address has a turn of its own.

        Raises:
            Busy: too much is waiting.
        """
        return await self._run(lambda: hash_password(password), address)

    async def verify(self, plain: str, hashed: str | None, address: str = "") -> bool:
        """``verify_password`` in a thread; without a hash it takes as long and says False.

        Raises:
            Busy: too much is waiting.
        """
        if hashed is not None:
            return await self._run(lambda: verify_password(plain, hashed), address)
        decoy = self._decoy
        await self._run(lambda: verify_password(plain, decoy), address)
        return False

    async def _run(self, work: Callable[[], T], address: str) -> T:
        async with self._turns.turn(network_of(address)):
            return await asyncio.to_thread(work)
