"""The agent's side of the watchdog: starts it, tells it what lives, starts it again."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from chatops.agent import watchdog
from chatops.agent.exits import Stop, watch_exit
from chatops.agent.file_limit import FileLimit
from chatops.errors import SetupError

_log = logging.getLogger(__name__)
_AGAIN_AFTER: Final = 1.0
"""Seconds before a watchdog that died is replaced a second time."""


class Guard:
    """Holds process groups so that they die with the agent. Call it from the event loop.

    ``lock`` is a file that the watchdog holds open, too: what is locked through it stays so
    until the groups of a dead agent are killed. ``files`` is the limit that is not theirs.
    """

    def __init__(self, lock: int | None = None, files: FileLimit | None = None) -> None:
        self.files: Final = files or FileLimit()
        self._pass = () if lock is None else (lock,)
        self._groups: set[int] = set()
        self._starts: set[int] = set()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe = -1
        self._writing = threading.Lock()
        self._stop_watch: Stop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._started = 0.0
        self._closed = False

    @property
    def pid(self) -> int | None:
        """The watchdog's process; None for the moment that it is being replaced."""
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Start the watchdog and tell it everything that is held.

        Raises:
            SetupError: the system has no room for a process.
        """
        try:
            self._launch()
        except OSError as error:
            raise SetupError(f"the watchdog cannot be started: {error.strerror}") from error

    def _launch(self) -> None:
        source, pipe = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(pipe, False)
        with self._writing:
            self._pipe = pipe
        # What is blocked here is blocked in the child from its first instruction on.
        unblocked = signal.pthread_sigmask(signal.SIG_BLOCK, watchdog.IGNORED)
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(Path(watchdog.__file__))],
                stdin=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={}, cwd="/", start_new_session=True, pass_fds=self._pass,
            )  # fmt: skip
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, unblocked)
            os.close(source)
        self._started = asyncio.get_running_loop().time()
        self._stop_watch = watch_exit(self._process.pid, self._died)
        self._tell([f"+{group}" for group in self._groups] + [f"?{one}" for one in self._starts])

    def announce(self, inode: int) -> None:
        """A process is about to be started whose standard output is the pipe ``inode``."""
        self._starts.add(inode)
        self._tell([f"?{inode}"])

    def born(self, group: int) -> None:
        """That start made ``group``. From any thread, so as to be as early as can be: a process
        that has turned its output elsewhere is not found by its pipe. ``settle`` follows."""
        with contextlib.suppress(OSError), self._writing:
            if self._pipe >= 0:
                os.write(self._pipe, b"+%d\n" % group)

    def settle(self, inode: int, group: int | None) -> None:
        """That start is over: ``group`` lives now, or nothing was started."""
        self._starts.discard(inode)
        lines = [f"~{inode}"]
        if group is not None:
            self._groups.add(group)
            lines.insert(0, f"+{group}")
        self._tell(lines)

    def release(self, group: int) -> None:
        """The group may live on or is dead. Call it while its leader is not reaped."""
        self._groups.discard(group)
        self._tell([f"-{group}"])

    def close(self) -> None:
        """End the watchdog; what is still held is killed by it."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._drop_pipe()
        self._reap()

    def _tell(self, lines: list[str]) -> None:
        if self._pipe < 0 or not lines:
            return
        try:
            text = "".join(line + "\n" for line in lines).encode()
            with self._writing:
                if os.write(self._pipe, text) == len(text):
                    return
        except (BlockingIOError, BrokenPipeError):
            pass
        # It is dead or does not read. Once it is gone a new one is told everything.
        if self._process is not None:
            self._process.kill()

    def _died(self) -> None:
        self._drop_pipe()
        self._reap()
        if self._closed:
            return
        _log.warning("the watchdog process ended; starting another")
        loop = asyncio.get_running_loop()
        wait = max(self._started + _AGAIN_AFTER - loop.time(), 0.0)
        self._timer = loop.call_later(wait, self._start_again)

    def _start_again(self) -> None:
        try:
            self.start()
        except SetupError as error:
            _log.error("%s", error.message)
            self._drop_pipe()
            self._timer = asyncio.get_running_loop().call_later(_AGAIN_AFTER, self._start_again)

    def _drop_pipe(self) -> None:
        with self._writing:
            if self._pipe >= 0:
                os.close(self._pipe)
                self._pipe = -1

    def _reap(self) -> None:
        if self._stop_watch is not None:
            self._stop_watch()
            self._stop_watch = None
        if self._process is not None:
            self._process.wait()
            self._process = None
