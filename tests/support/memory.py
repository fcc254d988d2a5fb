"""How much a process grows while something happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

MiB: Final = 1024 * 1024
_FORGET_THE_PEAK: Final = "5"


class Growth:
    """The memory of process ``pid`` from now on, in bytes of resident set."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        Path(f"/proc/{pid}/clear_refs").write_text(_FORGET_THE_PEAK)
        self.before = _status(self._pid, "VmRSS")

    @property
    def now(self) -> int:
        """How much more it is now."""
        return _status(self._pid, "VmRSS") - self.before

    @property
    def peak(self) -> int:
        """How much more it ever was since the beginning."""
        return _status(self._pid, "VmHWM") - self.before


def peak_rss(pid: int) -> int:
    """The most that a process had since it began, in bytes of resident set."""
    return _status(pid, "VmHWM")


def _status(pid: int, name: str) -> int:
    text = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
    assert found, text
    return int(found[1]) * 1024
