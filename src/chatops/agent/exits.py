"""Learning that a process ended, without reaping it.

A process that has ended and is not reaped keeps its number, so signals to its group cannot
reach a stranger. The event loop waits on a pidfd. Where there is none to be had, on kernels
before 5.3 and without room for a file, it looks again and again, which needs nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple

Stop = Callable[[], None]
_LOOK_FIRST: Final = 0.001
_LOOK_LAST: Final = 0.05


class ExitStatus(NamedTuple):
    """How a process ended: by itself with a code, or by a signal."""

    code: int | None
    signal: int | None


def watch_exit(pid: int, ended: Callable[[], None]) -> Stop:
    """Call ``ended`` in the running loop once the child ``pid`` has ended.

    The answer stops the watch; it may be called at any time, also twice.
    """
    loop = asyncio.get_running_loop()
    try:
        handle = os.pidfd_open(pid)
    except OSError:
        return _Looks(loop, pid, ended).stop
    open_handles = [handle]

    def stop() -> None:
        while open_handles:
            loop.remove_reader(open_handles[0])
            os.close(open_handles.pop())

    def ready() -> None:
        stop()
        ended()

    loop.add_reader(handle, ready)
    return stop


def peek_status(pid: int) -> ExitStatus | None:
    """How the child ``pid`` ended, without reaping it; None while it runs.

    Raises:
        ChildProcessError: there is no such child.
    """
    seen = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
    if seen is None:
        return None
    if seen.si_code == os.CLD_EXITED:
        return ExitStatus(seen.si_status, None)
    return ExitStatus(None, seen.si_status)


class _Looks:
    """Looks at a child, at first often, until it has ended."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, pid: int, ended: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._pid = pid
        self._ended = ended
        self._wait(_LOOK_FIRST)

    def stop(self) -> None:
        self._timer.cancel()

    def _wait(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look, seconds)

    def _look(self, waited: float) -> None:
        with suppress(ChildProcessError):  # somebody reaped it, and knows more
            if peek_status(self._pid) is None:
                self._wait(min(waited * 2, _LOOK_LAST))
            else:
                self._ended()
