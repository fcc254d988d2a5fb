"""Values as people read them: ages, times, sizes, rates."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

from chatops.errors import InvalidInput
from chatops.units import format_duration, format_size, parse_time

_HUGE: Final = 1e15
"""From here on a double does not have all digits before the point that would be written."""


def age(stamp: str | None, now: float | None = None) -> str | None:
    """How long ago a time of the hub's was: ``3m ago``."""
    seconds = _seconds(stamp)
    if seconds is None:
        return stamp
    passed = max((time.time() if now is None else now) - seconds, 0.0)
    return f"{coarse(passed)} ago"


def passed(stamp: str) -> float:
    """Seconds since a time of the hub's; 0 for one that is none."""
    seconds = _seconds(stamp)
    return 0.0 if seconds is None else max(time.time() - seconds, 0.0)


def ahead(stamp: str | None, now: float | None = None) -> str | None:
    """How long until a time of the hub's: ``in 1h59m``, ``expired`` when it has passed."""
    seconds = _seconds(stamp)
    if seconds is None:
        return stamp
    left = seconds - (time.time() if now is None else now)
    return f"in {format_duration(left)}" if left > 0 else "expired"


def local(stamp: str | None) -> str | None:
    """A time of the hub's in this machine's time zone."""
    seconds = _seconds(stamp)
    if seconds is None:
        return stamp
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def clock(stamp: str | None) -> str | None:
    """The time of day of a time of the hub's, in this machine's time zone."""
    text = local(stamp)
    return None if text is None else text.rpartition(" ")[2]


def recent(stamp: str | None, now: float | None = None) -> str | None:
    """When it was, in eight columns: the time of day, or the day if that was more than 24 h ago."""
    seconds, text = _seconds(stamp), local(stamp)
    if seconds is None or text is None:
        return text
    passed = (time.time() if now is None else now) - seconds
    return text[-8:] if passed < 86_400 else text[5:10]


def percent(value: float | None) -> str | None:
    """``12.3%``."""
    return None if value is None else f"{value:.1f}%"


def size(value: float | None) -> str | None:
    """``1.46 GiB``."""
    return None if value is None else format_size(value)


def rate(value: float | None) -> str | None:
    """``1.2 KiB/s``."""
    return None if value is None else f"{format_size(value)}/s"


def number(value: float | None) -> str | None:
    """A number with at most three digits after the point; a huge one with four in all."""
    if value is not None and abs(value) >= _HUGE:
        return f"{value:.4g}"
    return None if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def duration(seconds: float | None) -> str | None:
    """``3d4h``."""
    return None if seconds is None else format_duration(seconds)


def tags(value: dict[str, str]) -> str | None:
    """``env=prod role=db``; None where there are none."""
    return " ".join(f"{key}={one}" for key, one in sorted(value.items())) or None


def coarse(seconds: float) -> str:
    """A time span in its largest whole unit: ``3m``."""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return f"{int(seconds)}s"


def _seconds(stamp: str | None) -> float | None:
    try:
        return None if stamp is None else parse_time(stamp)
    except InvalidInput:
        return None
