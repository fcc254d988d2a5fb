"""How many files may be open at a time: this agent may have many, what it starts as many as if it
had been started at a login.

The limit is the whole process's, so while something is being started it is lowered for all: a
program finds it from its first instruction on, and no code of ours runs in the child.
"""

from __future__ import annotations

import os
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

MOST: Final = 65_536
"""Files that an agent has use for."""
_SPARE: Final = 64
"""Files that others may open here while something is being started."""
_FILES: Final = resource.RLIMIT_NOFILE


class FileLimit:
    """The limit of this process, which is as it was before ``lift``."""

    def __init__(self) -> None:
        self._before, self._hard = resource.getrlimit(_FILES)
        self._own = self._before
        self._lock = threading.Lock()
        self._starting = 0

    def lift(self) -> None:
        """Let this process open as many files as it may and has use for."""
        most = MOST if self._hard == resource.RLIM_INFINITY else min(self._hard, MOST)
        if self._before == resource.RLIM_INFINITY or self._before >= most:
            return
        self._own = most
        self._set(most)

    def start(self, start: Callable[[], subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
        """Start a process that has the limit of before; from any thread. When this one has so many
        files open that it cannot be lowered, the process gets it a moment late.

        Raises:
            what ``start`` does.
        """
        if self._before == self._own:
            return start()
        if self._is_crowded():
            child = start()
            with suppress(OSError):  # it has ended
                resource.prlimit(child.pid, _FILES, (self._before, self._hard))
            return child
        with self._lowered():
            return start()

    @contextmanager
    def _lowered(self) -> Iterator[None]:
        """As long as anything is being started, which may hang."""
        self._count(1)
        try:
            yield
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._starting += change
            self._set(self._before if self._starting else self._own)

    def _is_crowded(self) -> bool:
        return len(os.listdir("/proc/self/fd")) + _SPARE > self._before  # noqa: PTH208  (only how many)

    def _set(self, soft: int) -> None:
        with suppress(OSError, ValueError):  # then it stays as it is
            resource.setrlimit(_FILES, (soft, self._hard))
