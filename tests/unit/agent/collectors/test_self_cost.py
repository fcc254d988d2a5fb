"""The agent's own cost: this process and a watchdog."""

from __future__ import annotations

import os
import time

import psutil

from chatops.agent.collectors.self_cost import SelfCost


class Spool:
    unacked = 4096

    def __len__(self) -> int:
        return 3


def test_cpu_memory_and_spool_are_measured() -> None:
    cost = SelfCost(Spool(), lambda: os.getppid())
    first = cost()
    assert first.cpu_percent is None
    assert (first.spool_bytes, first.spool_samples) == (4096, 3)
    together = sum(psutil.Process(pid).memory_info().rss for pid in (os.getpid(), os.getppid()))
    assert first.rss is not None
    assert abs(first.rss - together) < 0.2 * together
    until = time.process_time() + 0.1
    while time.process_time() < until:
        sum(range(1000))
    spent = cost().cpu_percent
    assert spent is not None
    assert spent > 5


def test_another_watchdog_is_no_leap() -> None:
    pids = iter([os.getpid(), None, None])
    cost = SelfCost(Spool(), lambda: next(pids))
    assert [cost().cpu_percent for _ in range(2)] == [None, None]
