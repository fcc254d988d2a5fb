"""Denials: what was asked for and not given, for the audit.

Whoever is refused again and again must not be able to fill the disk with it: past a burst a caller
gets one record in a while, which says how many are not recorded.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from chatops.clock import Clock
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.limiter import RateLimiter

_STRANGERS: Final = "strangers"
_REMEMBERED: Final = 10_000


class Denials:
    """Records them: of an account 60 at once and one a second, of an address that names no
    account 5 at once and one in ten seconds, of all such addresses together five a second."""

    def __init__(self, audit: AuditService, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock
        self._users = RateLimiter(rate=1, burst=60)
        self._addresses = RateLimiter(rate=0.1, burst=5)
        self._together = RateLimiter(rate=5, burst=100)
        self._left_out: Counter[str] = Counter()

    async def record(
        self, origin: Origin, action: str, target: str, *, outcome: str = "denied"
    ) -> None:
        """Somebody did not get what it asked for."""
        key = origin.user_id or origin.address or ""
        if not self._may(origin, key):
            if len(self._left_out) < _REMEMBERED or key in self._left_out:
                self._left_out[key] += 1
            return
        left_out = self._left_out.pop(key, 0)
        detail = {"not_recorded": left_out} if left_out else None
        await self._audit.record_alone(origin, action, target[:200], outcome=outcome, detail=detail)

    def _may(self, origin: Origin, key: str) -> bool:
        now = self._clock.monotonic()
        if origin.user_id is not None:
            return self._users.take(key, now) == 0
        return self._addresses.take(key, now) == 0 and self._together.take(_STRANGERS, now) == 0
