"""Measured values in little room: with their unit, short, and as a sparkline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from chatops.cli import show
from chatops.protocol.metric_names import METRICS
from chatops.units import exact_duration

BLOCKS: Final = "▁▂▃▄▅▆▇█"
ASCII: Final = "_.:-=+*#"
"""The same eight heights where the terminal has no blocks."""
GAP: Final = " "
_COERCED: Final = ("C.UTF-8", "C.utf8", "UTF-8")
_HUGE: Final = 1e12
"""Values from which on not all digits are written."""
_PREFIXES: Final = "KMGTPE"


def unit_of(metric: str) -> str:
    """The unit of a METRIC name, with or without an instance: ``%``, ``B``, ``B/s`` …"""
    known = METRICS.get(metric.partition(":")[0])
    return known.unit if known else ""


def in_unit(value: float | None, unit: str) -> str | None:
    """A value with its unit, as tables have it: ``12.3%``, ``1.46 GiB``, ``3d4h``."""
    if value is not None and abs(value) >= _HUGE and unit not in ("B", "B/s"):
        return f"{value:.4g}{unit}"
    forms = {"%": show.percent, "B": show.size, "B/s": show.rate, "s": show.duration}
    if value is None or unit in forms:
        return forms.get(unit, show.number)(value)
    return f"{show.number(value)}{unit}" if unit else show.number(value)


def exact(value: float, unit: str) -> str | None:
    """The same of a value that somebody gave, none of whose digits matters less: ``4.75%``,
    ``28.5s``; bytes are as in tables."""
    if abs(value) < _HUGE and unit in ("%", "s"):
        return f"{show.number(value)}%" if unit == "%" else exact_duration(value)
    return in_unit(value, unit)


def short(value: float | None, unit: str) -> str | None:
    """The same in at most six columns, for narrow ones: ``12%``, ``1.5G``, ``980K/s``."""
    if value is None or unit == "s":
        return show.duration(value)
    if unit in ("B", "B/s"):
        return _prefixed(value) + unit.removeprefix("B")
    return f"{value:.0f}%" if unit == "%" else f"{value:.3g}{unit}"


def sparkline(
    values: Sequence[float | None],
    *,
    low: float | None = None,
    high: float | None = None,
    blocks: bool = True,
) -> str:
    """One character a value, the higher the more; a gap (None) is blank. Without ``low`` and
    ``high`` they reach from the least (or 0, if that is less) to the most; what lies beyond them
    is drawn at the edge. Without ``blocks`` it is ASCII."""
    known = [value for value in values if value is not None]
    if not known:
        return GAP * len(values)
    bottom = min(0.0, *known) if low is None else low
    top = max(known) if high is None else high
    steps = BLOCKS if blocks else ASCII
    return "".join(GAP if one is None else steps[_height(one, bottom, top)] for one in values)


def spark_of(unit: str, values: Sequence[float | None], *, blocks: bool = True) -> str:
    """A sparkline on the scale that the unit has: per cent from 0 to 100, all else its own."""
    if unit == "%":
        return sparkline(values, low=0.0, high=100.0, blocks=blocks)
    return sparkline(values, blocks=blocks)


def in_columns(
    points: Iterable[tuple[float, float]], since: float, until: float, width: int
) -> list[float | None]:
    """Values at their times as ``width`` means, each of an equal part of the span; None where
    there is none. What lies outside the span is left out."""
    sums, counts = [0.0] * width, [0] * width
    for ts, value in points:
        if since <= ts < until:
            place = min(int((ts - since) / (until - since) * width), width - 1)
            sums[place] += value
            counts[place] += 1
    return [total / n if n else None for total, n in zip(sums, counts, strict=True)]


def has_blocks(environ: Mapping[str, str]) -> bool:
    """Whether the terminal shows more than ASCII: unless its locale names another encoding.
    Where it is the C locale, Python has put a UTF-8 one into LC_CTYPE, which does not count."""
    named = [environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(key)]
    if named[1:] and named[0] in _COERCED and named[1] in ("C", "POSIX"):
        named.pop(0)
    return not named or _is_utf8(named[0])


def _is_utf8(locale: str) -> bool:
    return locale.lower().replace("-", "").partition("@")[0].endswith("utf8")


def _height(value: float, low: float, high: float) -> int:
    if high <= low:
        return 0
    part = min(max((value - low) / (high - low), 0.0), 1.0)
    return min(int(part * len(BLOCKS)), len(BLOCKS) - 1)


def _prefixed(value: float) -> str:
    """Bytes in three digits and a binary prefix."""
    if abs(value) < 999.5:
        return f"{value:.0f}"
    for prefix in _PREFIXES:
        value /= 1024
        if abs(value) < 999.5:
            return (f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}") + prefix
    return f"{value:.0f}{prefix}"
