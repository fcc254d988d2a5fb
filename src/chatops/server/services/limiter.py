"""Rate limits by key, with bounded memory and no clock of their own."""

from __future__ import annotations

import functools
import ipaddress
from collections import OrderedDict
from collections.abc import Hashable


class RateLimiter:
    """A token bucket a key: ``rate`` a second on average, ``burst`` at once.

    Of more than ``max_keys`` keys the least recently used is forgotten; that is safe, as
    a full bucket is all it can gain.
    """

    def __init__(self, *, rate: float, burst: float, max_keys: int = 20_000) -> None:
        self._rate = rate
        self._burst = burst
        self._max_keys = max_keys
        self._buckets: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def resize(self, *, rate: float, burst: float) -> None:
        """Allow so much from now on; no bucket holds more than ``burst``."""
        self._rate = rate
        self._burst = burst

    def take(self, key: Hashable, now: float) -> float:
        """Use one unit. 0 when it was there, else the seconds until one will be."""
        level, at = self._buckets.pop(key, (self._burst, now))
        level = min(self._burst, level + (now - at) * self._rate)
        wait = 0.0 if level >= 1 else (1 - level) / self._rate
        self._buckets[key] = (level if wait else level - 1, now)
        if len(self._buckets) > self._max_keys:
            self._buckets.popitem(last=False)
        return wait

    def give_back(self, key: Hashable) -> None:
        """Undo one ``take``: the thing that was limited did not happen."""
        if key in self._buckets:
            level, at = self._buckets[key]
            self._buckets[key] = (min(self._burst, level + 1), at)

    def __len__(self) -> int:
        return len(self._buckets)


@functools.lru_cache(4096)
def network_of(address: str | None) -> str:
    """Whom limits by address count an address as: of IPv6 all of its /64, which is what one host
    gets; one of IPv4 written as IPv6 is one of IPv4."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or ""
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, 64), strict=False))
