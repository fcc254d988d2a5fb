"""Load, uptime and the number of processes: one cheap look each."""

from __future__ import annotations

import os
import time


def load() -> list[float]:
    """The load averages over 1, 5 and 15 minutes."""
    return [round(value, 2) for value in os.getloadavg()]


def uptime() -> float:
    """Seconds since the host started, its sleep included; no clock setting moves it."""
    return round(time.clock_gettime(time.CLOCK_BOOTTIME), 2)


def process_count() -> int:
    """How many processes there are (threads not counted)."""
    with os.scandir("/proc") as entries:
        return sum(entry.name.isdecimal() for entry in entries)
