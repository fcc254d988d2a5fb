"""Load, uptime and processes of this host."""

from __future__ import annotations

import os
from pathlib import Path

from chatops.agent.collectors import system


def test_load_has_three_averages() -> None:
    assert len(system.load()) == 3
    assert all(abs(one - other) < 1 for one, other in zip(system.load(), os.getloadavg(),
                                                         strict=True))  # fmt: skip


def test_uptime_is_the_kernels() -> None:
    kernel = float(Path("/proc/uptime").read_text().split()[0])
    assert abs(system.uptime() - kernel) < 5


def test_processes_are_counted() -> None:
    count = sum(path.name.isdecimal() for path in Path("/proc").iterdir())
    assert abs(system.process_count() - count) < 50
    assert system.process_count() > 1
