"""Durations, sizes and times: the text forms that people and machines exchange.

Inside ChatOps durations are float seconds, sizes int bytes, times float Unix seconds.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime
from itertools import pairwise

from chatops.errors import InvalidInput

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_BYTES = {
    "": 1, "B": 1,
    "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12,
    "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40,
}  # fmt: skip
_DURATION = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,15})?)(ms|s|m|h|d|w)")
_SIZE = re.compile(r"([0-9]{1,18})(\.[0-9]{1,18})? ?([kKMGT]i?B|B)?")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)
_LONGEST = 36_500 * 86_400.0  # a hundred years; more is a typing mistake, and breaks arithmetic
_EPOCH = date(1970, 1, 1).toordinal()
_TWO = [f"{number:02d}" for number in range(60)]
_LATEST = 253_402_300_799.0  # 9999-12-31, the last year that RFC 3339 can write


def parse_duration(text: str) -> float:
    """Seconds of ``500ms``, ``30s``, ``5m``, ``2h``, ``7d``, ``1h30m``, or ``0``.

    Raises:
        InvalidInput: the text is no duration (a bare number other than 0 has no unit), or
            longer than a hundred years.
    """
    stripped = text.strip()
    if stripped == "0":
        return 0.0
    parts = _DURATION.findall(stripped)
    if not parts or "".join(number + unit for number, unit in parts) != stripped:
        raise InvalidInput(
            f"{text!r} is not a duration", hint="write it like 500ms, 30s, 5m, 2h or 7d"
        )
    seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
    if seconds > _LONGEST:
        raise InvalidInput(f"the duration {text!r} is too long", hint="the longest is 36500d")
    return seconds


def format_duration(seconds: float) -> str:
    """A duration for people, in at most two neighbouring units: ``1m30s``, ``1.5s``, ``250ms``.

    What is below the second unit is cut off, as in an age: 1 h 59 min 59 s is ``1h59m``.
    """
    if seconds < 0:
        return "-" + format_duration(-seconds)
    if seconds < 0.9995:
        millis = round(seconds * 1000)
        return f"{millis}ms" if millis else "0s"
    if seconds < 9.95:
        return f"{seconds:.1f}".removesuffix(".0") + "s"
    whole = round(seconds)
    for unit, next_unit in pairwise("dhms"):
        count, rest = divmod(whole, int(_SECONDS[unit]))
        if count:
            part = rest // int(_SECONDS[next_unit])
            return f"{count}{unit}{part}{next_unit}" if part else f"{count}{unit}"
    return f"{whole}s"


def exact_duration(seconds: float) -> str:
    """A duration that ``parse_duration`` reads as the same: ``90s``, ``2h``, ``1.5s``."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{int(seconds // _SECONDS[unit])}{unit}"
    return f"{seconds:.15f}".rstrip("0").rstrip(".") + "s"


def parse_size(text: str) -> int:
    """Bytes of ``10``, ``10B``, ``64kB``, ``1.5GiB``. kB, MB, GB are powers of ten.

    Raises:
        InvalidInput: the text is no size.
    """
    match = _SIZE.fullmatch(text.strip())
    unit = (match[3] or "") if match else ""
    if match is None or (unit := "kB" if unit == "KB" else unit) not in _BYTES:
        raise InvalidInput(f"{text!r} is not a size", hint="write it like 512KiB, 64MB or 2GiB")
    fraction = round(float(match[2]) * _BYTES[unit]) if match[2] else 0
    return int(match[1]) * _BYTES[unit] + fraction


def format_size(size: float) -> str:
    """Bytes for people, in binary units with three significant digits: ``1.46 GiB``."""
    value = float(size)
    if abs(value) < 999.5:
        return f"{value:.0f} B"
    value /= 1024
    for unit in ("KiB", "MiB", "GiB"):
        if abs(value) < 999.5:
            return f"{value:.3g} {unit}"
        value /= 1024
    return f"{value:.3g} TiB" if abs(value) < 999.5 else f"{value:.0f} TiB"


def exact_size(size: int) -> str:
    """Bytes as ``parse_size`` reads them again: ``64KiB``, ``1MB``, ``1500B``."""
    units = ("GiB", "MiB", "KiB", "GB", "MB", "kB") if size else ()
    whole = [(size // _BYTES[unit], unit) for unit in units if size % _BYTES[unit] == 0]
    number, unit = min(whole, default=(size, "B"), key=lambda one: one[0])
    return f"{number}{unit}"


def format_time(ts: float) -> str:
    """RFC 3339 in UTC with milliseconds: ``2026-01-02T03:04:05.678Z``."""
    millis = int((ts if 0.0 <= ts <= _LATEST else min(max(ts, 0.0), _LATEST)) * 1000 + 0.5)
    minute, rest = divmod(millis, 60_000)
    if not rest:
        return f"{_minute(minute)}:00.000Z"
    second, fraction = divmod(rest, 1000)
    return f"{_minute(minute)}:{_TWO[second]}.{fraction:03d}Z"


@functools.lru_cache(2048)  # histories have thousands of times, and people look at them again
def _minute(minutes: int) -> str:
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return f"{date.fromordinal(_EPOCH + days).isoformat()}T{_TWO[hour]}:{_TWO[minute]}"


def time_or_none(ts: float | None) -> str | None:
    """The same for a time that may be unknown."""
    return None if ts is None else format_time(ts)


def parse_time(text: str) -> float:
    """Unix seconds of an RFC 3339 time; one without an offset is taken as UTC.

    A date alone is its midnight, and seconds may be left out.

    Raises:
        InvalidInput: the text is no RFC 3339 time.
    """
    stripped = text.strip().upper()
    try:
        if _TIME.fullmatch(stripped) is None:  # fromisoformat takes much that is no RFC 3339
            raise ValueError
        moment = datetime.fromisoformat(stripped)
    except ValueError:
        raise InvalidInput(
            f"{text!r} is not a time", hint="write it like 2026-01-02T03:04:05Z"
        ) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def parse_moment(text: str, now: float) -> float:
    """Unix seconds of ``--since``/``--until``: a duration ago, or an RFC 3339 time.

    Raises:
        InvalidInput: the text is neither.
    """
    try:
        return now - parse_duration(text)
    except InvalidInput:
        pass
    try:
        return parse_time(text)
    except InvalidInput:
        raise InvalidInput(
            f"{text!r} is neither a duration nor a time",
            hint="write a duration ago like 2h, or a time like 2026-01-02T03:04:05Z",
        ) from None
