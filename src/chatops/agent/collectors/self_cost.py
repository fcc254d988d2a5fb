"""What the agent itself costs: its CPU and memory, its watchdog's, and what waits in its spool."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Final, Protocol

from chatops.agent.collectors.processes import read
from chatops.agent.collectors.rates import MIN_SPAN
from chatops.protocol.metrics import AgentCost

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Waiting(Protocol):
    """A spool, as far as it is measured."""

    @property
    def unacked(self) -> int: ...

    def __len__(self) -> int: ...


class SelfCost:
    """Measures this process and the watchdog, whose pid ``watchdog`` tells."""

    def __init__(self, spool: Waiting, watchdog: Callable[[], int | None]) -> None:
        self._spool = spool
        self._watchdog = watchdog
        self._last: tuple[float, float, int | None] | None = None

    def __call__(self) -> AgentCost:
        pid = self._watchdog()
        now, spent = time.monotonic(), time.process_time() + _cpu_of(pid)
        return AgentCost(
            cpu_percent=self._share(now, spent, pid),
            rss=_rss("self") + (_rss(str(pid)) if pid else 0),
            spool_bytes=self._spool.unacked,
            spool_samples=len(self._spool),
        )

    def _share(self, now: float, spent: float, pid: int | None) -> float | None:
        last, self._last = self._last, (now, spent, pid)
        # Another watchdog has another past.
        if last is None or pid != last[2] or now - last[0] < MIN_SPAN:
            return None
        return round(100 * max(spent - last[1], 0.0) / (now - last[0]), 3)


def _cpu_of(pid: int | None) -> float:
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split() if pid else []
    return (int(fields[11]) + int(fields[12])) / _TICKS if len(fields) > 12 else 0.0


def _rss(pid: str) -> int:
    fields = read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0
