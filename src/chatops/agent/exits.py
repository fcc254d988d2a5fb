"""Learning that a process ended, without reaping it.

A process that has ended and is not reaped keeps its number, so signals to its group cannot
reach a stranger. The event loop waits on a pidfd; kernels before 5.3 get a thread.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from typing import NamedTuple

Stop = Callable[[], None]


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
        return _watch_in_thread(loop, pid, ended)
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


def _watch_in_thread(loop: asyncio.AbstractEventLoop, pid: int, ended: Callable[[], None]) -> Stop:
    stopped = threading.Event()

    def deliver() -> None:
        if not stopped.is_set():
            ended()

    def wait() -> None:
        try:
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
            loop.call_soon_threadsafe(deliver)
        except (ChildProcessError, RuntimeError):  # reaped, or the loop is closed
            return

    threading.Thread(target=wait, name=f"chatops-wait-{pid}", daemon=True).start()
    return stopped.set
