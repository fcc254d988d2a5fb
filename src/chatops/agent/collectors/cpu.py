"""CPU use since the last look, of all cores together, of each, and by kind."""

from __future__ import annotations

from typing import NamedTuple

import psutil

from chatops.protocol.metrics import Cpu


class Ticks(NamedTuple):
    """Seconds a core has spent, by kind. Guests' time is part of ``user`` already."""

    user: float
    system: float
    idle: float
    iowait: float
    steal: float


class CpuCollector:
    """Per cent since the last call; on the first call only the number of cores is known."""

    def __init__(self) -> None:
        self._last: list[Ticks] = []

    def __call__(self) -> Cpu:
        now = [_ticks(core) for core in psutil.cpu_times(percpu=True)]
        last, self._last = self._last, now
        return usage(last, now)


def usage(last: list[Ticks], now: list[Ticks]) -> Cpu:
    """The use between two looks. Cores that came or went leave only the count."""
    if len(last) != len(now):
        return Cpu(count=len(now))
    spent = [_spent(before, after) for before, after in zip(last, now, strict=True)]
    total = Ticks(*(sum(kind) for kind in zip(*spent, strict=True)))
    whole = sum(total)
    if whole <= 0:
        return Cpu(count=len(now))
    return Cpu(
        percent=_busy(total),
        per_core=[_busy(core) for core in spent],
        count=len(now),
        user=_share(total.user, whole),
        system=_share(total.system, whole),
        iowait=_share(total.iowait, whole),
        steal=_share(total.steal, whole),
    )


def _ticks(core: psutil._pslinux.scputimes) -> Ticks:
    return Ticks(
        user=core.user + core.nice,
        system=core.system + core.irq + core.softirq,
        idle=core.idle,
        iowait=core.iowait,
        steal=core.steal,
    )


def _spent(before: Ticks, after: Ticks) -> Ticks:
    # The kernel lets idle and iowait go back a little (proc(5)).
    return Ticks(*(max(new - old, 0.0) for old, new in zip(before, after, strict=True)))


def _busy(spent: Ticks) -> float:
    whole = sum(spent)
    return _share(whole - spent.idle - spent.iowait, whole)


def _share(part: float, whole: float) -> float:
    return round(min(max(100 * part / whole, 0.0), 100.0), 2) if whole > 0 else 0.0
