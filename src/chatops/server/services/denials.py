"""Denials: what was asked for and not given, for the audit.

A record names what that of a success would name. Whoever is refused again and again must not be
able to fill the disk with it: long texts are cut, and past a burst a caller gets one record in a
while, which says how many are not recorded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import msgspec

from chatops.clock import Clock
from chatops.redaction import strike
from chatops.server.db.engine import Database
from chatops.server.services.asked import Asked, in_names
from chatops.server.services.audit import AuditService, Origin, storable
from chatops.server.services.limiter import RateLimiter
from chatops.text import shorten

_STRANGERS: Final = "strangers"
_REMEMBERED: Final = 10_000
_TARGET: Final = 200
_DETAIL: Final = 1000
"""Characters that are kept."""


class Denials:
    """Records them: of an account 60 at once and one a second, of an address that names no
    account 5 at once and one in ten seconds, of all such addresses together five a second."""

    def __init__(self, database: Database, audit: AuditService, clock: Clock) -> None:
        self._database = database
        self._audit = audit
        self._clock = clock
        self._users = RateLimiter(rate=1, burst=60)
        self._addresses = RateLimiter(rate=0.1, burst=5)
        self._together = RateLimiter(rate=5, burst=100)
        self._left_out: Counter[str] = Counter()

    async def record(
        self,
        origin: Origin,
        action: str,
        asked: Asked | Callable[[], Awaitable[Asked]],
        *,
        outcome: str = "denied",
    ) -> None:
        """Somebody did not get what it asked for; a function tells what that is, which is called
        only if it is recorded."""
        key = origin.user_id or origin.address or ""
        if not self._may(origin, key):
            if len(self._left_out) < _REMEMBERED or key in self._left_out:
                self._left_out[key] += 1
            return
        left_out = self._left_out.pop(key, 0)
        about = await self._named(asked if isinstance(asked, Asked) else await asked())
        detail = {word: _kept(value) for word, value in about.detail.items()}
        if left_out:
            detail["not_recorded"] = left_out
        target = shorten(strike(about.target), _TARGET)
        await self._audit.record_alone(origin, action, target, outcome=outcome, detail=detail)

    async def _named(self, asked: Asked) -> Asked:
        if asked.kind is None:
            return asked
        asked = replace(asked, target=storable(asked.target))
        async with self._database.read() as session:
            return await in_names(session, asked)

    def _may(self, origin: Origin, key: str) -> bool:
        now = self._clock.monotonic()
        if origin.user_id is not None:
            return self._users.take(key, now) == 0
        return self._addresses.take(key, now) == 0 and self._together.take(_STRANGERS, now) == 0


def _kept(value: Any) -> Any:
    """A value without credentials; one that is long, or had some, as text."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    kept = shorten(strike(storable(text[: 4 * _DETAIL])), _DETAIL)
    return value if kept == text else kept
