"""Notices that this host's clock differs from the hub's. Pure."""

from __future__ import annotations

from collections.abc import Callable

from chatops.protocol.limits import MAX_SKEW
from chatops.units import format_duration


class Skew:
    """Says when the clock is off, when that changes, and when it is right again."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._told = 0.0

    def measured(self, now: float, hub_time: float, round_trip: float) -> None:
        """The hub said ``hub_time`` in an answer that came ``now``, ``round_trip`` seconds after
        it was asked for: somewhere in the middle, so half of that is not certain."""
        doubt = round_trip / 2
        skew = now - hub_time - doubt
        if abs(skew) > MAX_SKEW + doubt:
            if abs(skew - self._told) > MAX_SKEW + doubt:
                self._told = skew
                self._warn(f"this host's clock is {describe(skew)} the hub's: let NTP set both")
        elif self._told and abs(skew) <= MAX_SKEW:
            self._told = 0.0
            self._warn("this host's clock agrees with the hub's again")


def describe(skew: float) -> str:
    """How far a clock is off, like ``5s ahead of``."""
    return f"{format_duration(abs(skew))} {'ahead of' if skew > 0 else 'behind'}"
