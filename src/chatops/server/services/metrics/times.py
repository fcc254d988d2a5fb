"""When a sample was taken, by the hub's clock, whatever its agent's clock says. Pure."""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from chatops.protocol.limits import MAX_SKEW

LATE: Final = 30.0
"""A sample that is older when it arrives is one of an outage: history, but no news."""


class Taken(NamedTuple):
    """``ts`` in Unix seconds, never ahead of the hub's; ``skew`` is by how many seconds the agent's
    clock was ahead, None where that cannot be known."""

    ts: float
    skew: float | None


def taken(ts: float, age: float | None, now: float, delay: float = 0.0) -> Taken:
    """``ts`` where the age, by a clock that nobody sets, agrees with it; else what the age says.
    ``delay`` is how long the frame was on its way: it is not the clock that is wrong then."""
    if not math.isfinite(ts):
        ts = now
    if age is None or not math.isfinite(age) or age < 0:
        return Taken(min(ts, now), None)
    by_age = now - delay - age
    skew = ts - by_age
    return Taken(min(ts, now) if abs(skew) <= MAX_SKEW else by_age, skew)
