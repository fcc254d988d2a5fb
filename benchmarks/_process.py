"""What a process took, as the kernel counts it."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
MiB: Final = 2**20


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads, also of those that have ended, in steps of 10 ms."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def resident(pid: int) -> int:
    """Bytes of memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def kept_waiting(pid: int) -> float:
    """Seconds in which the first thread, that of the event loop, could have run and others did."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


class Load:
    """The CPU that a process takes from now on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._spent, self._began = cpu_seconds(pid), time.monotonic()
        self._waited = kept_waiting(pid)

    @property
    def percent(self) -> float:
        """Of one core."""
        lasted = time.monotonic() - self._began
        return 100 * (cpu_seconds(self._pid) - self._spent) / lasted

    @property
    def waited(self) -> float:
        """Per cent of the time that its event loop waited for a core: what is slow then is slow
        because of other programs."""
        lasted = time.monotonic() - self._began
        return 100 * (kept_waiting(self._pid) - self._waited) / lasted


def end_with_all() -> None:
    """When this process is asked to end, it ends what it has started, too."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
