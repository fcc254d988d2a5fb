"""Counters become rates, honestly: what is not known is None, never a negative or a spike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MIN_SPAN: Final = 0.05
"""Seconds between two looks below which a rate would be noise."""

Counters = tuple[int, ...]
RatesOf = tuple[float | None, ...]


class Rates:
    """Rates per second of several counters for each of several devices.

    A counter that went back means that the device was reset: all its rates are None once,
    because the others restarted too. A device that was away has no rate when it is back.
    """

    def __init__(self) -> None:
        self._at: float | None = None
        self._last: dict[str, Counters] = {}

    def update(self, now: float, counters: Mapping[str, Counters]) -> dict[str, RatesOf]:
        """Rates since the last look; ``now`` is monotonic seconds.

        While the clock stands still nothing is known, and the last look stays the basis.
        """
        span = None if self._at is None else now - self._at
        if span is not None and span < MIN_SPAN:
            return {name: (None,) * len(values) for name, values in counters.items()}
        rates = {
            name: _rates(self._last.get(name), values, span) for name, values in counters.items()
        }
        self._at = now
        self._last = dict(counters)
        return rates


def _rates(old: Counters | None, new: Counters, span: float | None) -> RatesOf:
    if old is None or span is None or len(old) != len(new):
        return (None,) * len(new)
    deltas = [after - before for before, after in zip(old, new, strict=True)]
    if min(deltas, default=0) < 0:
        return (None,) * len(new)
    return tuple(round(delta / span, 2) for delta in deltas)
