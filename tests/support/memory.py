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
        self._folder = Path("/proc") / str(pid)
        (self._folder / "clear_refs").write_text(_FORGET_THE_PEAK)
        self.before = self._status("VmRSS")

    @property
    def now(self) -> int:
        """How much more it is now."""
        return self._status("VmRSS") - self.before

    @property
    def peak(self) -> int:
        """How much more it ever was since the beginning."""
        return self._status("VmHWM") - self.before

    def _status(self, name: str) -> int:
        text = (self._folder / "status").read_text()
        found = re.search(rf"^{name}:\s+(\d+) kB$", text, re.MULTILINE)
        assert found, text
        return int(found[1]) * 1024
