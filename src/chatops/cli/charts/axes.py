"""Where an axis begins, ends and is marked. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from chatops.cli.figures import in_unit

_NEAR: Final = 0.2
"""An axis leaves 0 out when its values differ by less than this part of the greatest."""
_ROUND: Final = (1.0, 2.0, 2.5, 5.0, 10.0)
_BINARY: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0)
_TIMES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600,
                 43_200)  # fmt: skip
"""Seconds between marks of less than a day; all divide one."""
_DURATIONS: Final = (*_TIMES, *(86_400 * days for days in (1, 2, 5, 10, 20, 50, 100, 200, 500)))
_DAYS: Final = (1, 2, 7, 14, 28, 91, 182, 364, 728, 1820, 3640)
_DAY: Final = 86_400
_HOUR: Final = 3600
_PREFIXES: Final = ("", "Ki", "Mi", "Gi", "Ti")
_LONG: Final = 1e6
"""Steps from which on numbers are not written out."""


class Axis(NamedTuple):
    """From ``low`` to ``high``, marked at ``places`` with ``labels``."""

    low: float
    high: float
    places: list[float]
    labels: list[str]


def value_axis(least: float, most: float, unit: str, marks: int) -> Axis:
    """An axis that has room for values from ``least`` to ``most``, with about so many marks.
    It begins at 0 unless the values differ, and lie close together and far from it."""
    size = max(abs(least), abs(most))
    if unit == "%" or most == least or most - least >= _NEAR * size:
        least, most = min(least, 0.0), max(most, 0.0)
    if most == least:
        most = least + (size or 1.0)
    step = _value_step((most - least) / max(marks - 1, 1), unit)
    first = math.floor(least / step)
    last = max(math.ceil(most / step), first + 1)
    places = [number * step for number in range(first, last + 1)]
    return Axis(places[0], places[-1], places, _labels(places, step, unit))


def time_axis(since: float, until: float, width: int) -> Axis:
    """An axis of ``width`` columns in local time, marked at round times."""
    span = max(until - since, 1.0)
    step = _time_step(span, width)
    places = _round_times(since, until, step)
    labels = [_time_label(at, step, first=not number) for number, at in enumerate(places)]
    return Axis(since, max(until, since + 1.0), places, labels)


def _value_step(wanted: float, unit: str) -> float:
    if unit == "s":
        return _duration_step(wanted)
    rounds: Sequence[float] = _ROUND
    base = 10.0 ** math.floor(math.log10(max(wanted, 1e-9)))
    if unit in ("B", "B/s"):
        rounds, base = _BINARY, 1024.0 ** math.floor(math.log(max(wanted, 1.0), 1024))
    return next((base * one for one in rounds if base * one >= wanted), base * rounds[-1])


def _duration_step(wanted: float) -> float:
    if wanted < 1:
        return _value_step(wanted, "")
    return next((float(one) for one in _DURATIONS if one >= wanted), wanted)


def _labels(places: list[float], step: float, unit: str) -> list[str]:
    if unit in ("B", "B/s", "s"):
        labels = [in_unit(place, unit) or "" for place in places]
        return labels if len(set(labels)) == len(labels) else _finer(places, step, unit)
    if step >= _LONG:
        return [f"{place:.4g}{unit}" for place in places]
    digits = max(0, -math.floor(math.log10(step)))
    if not math.isclose(round(step, digits), step):
        digits += 1
    return [f"{place:.{digits}f}{unit}" for place in places]


def _finer(places: list[float], step: float, unit: str) -> list[str]:
    """Marks so close together that three digits do not tell them apart."""
    if unit == "s":
        return [f"{place:.10g}s" for place in places]
    power = min(int(math.log(max(step, 1.0), 1024)), len(_PREFIXES) - 1)
    return [f"{place / 1024**power:.10g} {_PREFIXES[power]}{unit}" for place in places]


def _time_step(span: float, width: int) -> int:
    for step in (*_TIMES, *(days * _DAY for days in _DAYS)):
        wide = len(_time_label(0.0, step, first=True)) + 3
        if span / step * wide <= width:
            return step
    return _DAYS[-1] * _DAY


def _round_times(since: float, until: float, step: int) -> list[float]:
    """Local times that are multiples of a step from midnight, or of days."""
    begin = _local(since).replace(hour=0, minute=0, second=0, microsecond=0)
    if step >= _DAY:
        begin -= timedelta(days=(begin.toordinal() - 1) % (step // _DAY))  # weeks begin on Monday
    passed = since - begin.timestamp() - _HOUR  # an hour less, for a clock that was put forward
    at = begin + timedelta(seconds=max(passed, 0.0) // step * step)
    found: list[float] = []
    while (moment := at.timestamp()) <= until:
        if moment >= since and (not found or moment > found[-1]):  # put back, it passes times twice
            found.append(moment)
        at += timedelta(seconds=step)
    return found


def _time_label(at: float, step: int, *, first: bool = False) -> str:
    """Of less than a day the time, of midnight the date."""
    local = _local(at)
    if step >= _DAY:
        return local.strftime("%m-%d" if step < 28 * _DAY else "%Y-%m-%d")
    if not first and (local.hour, local.minute, local.second) == (0, 0, 0):
        return local.strftime("%m-%d")
    return local.strftime("%H:%M" if step >= 60 else "%H:%M:%S")


def _local(at: float) -> datetime:
    """The time of this machine's zone, without it: so that steps are those of its clock."""
    return datetime.fromtimestamp(at).astimezone().replace(tzinfo=None)
