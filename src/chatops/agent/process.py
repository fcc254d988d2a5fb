"""A command as a session of its own: end it, and be sure that it is dead.

Its processes may form other groups in the session (jobs of a shell with ``set -m``); those end
with it. One that has left the session is a daemon, and not looked for.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from typing import Final, NamedTuple

from chatops.agent.exits import ExitStatus, peek_status, watch_exit
from chatops.agent.guard import Guard
from chatops.agent.pipes import PipeReader
from chatops.agent.watchdog import members
from chatops.protocol.messages import Outcome

_CONFIRM: Final = 30.0
"""Seconds to wait for the death of a group that was sent KILL."""
_REAP: Final = 0.2
"""Seconds to wait for the end of a leader that was sent KILL; what hangs is left alone."""
_LOOK_FIRST: Final = 0.01
_LOOK_LAST: Final = 0.25


class Failure(NamedTuple):
    """Why a process that has ended did not do what was asked."""

    state: Outcome
    reason: str
    error: str


def vector_of(command: str | list[str]) -> list[str]:
    """The argument vector of a shell line or a vector."""
    return ["/bin/sh", "-c", command] if isinstance(command, str) else command


def signal_session(leader: int, number: int) -> None:
    """Send a signal to every group of a session; one that is gone is no error."""
    for group in {leader, *members({leader})}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def reap(child: subprocess.Popen[bytes], guard: Guard) -> None:
    """The session is dead or may live on: reap its leader, which is not to run any more."""
    guard.release(child.pid)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=_REAP)


class Process:
    """A running group and its pipes. The leader is not reaped before ``release``.

    ``take_stdin`` gives the writing end of its input, once, to whoever closes it.
    """

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        guard: Guard,
        stdout: PipeReader,
        stderr: PipeReader,
        stdin: int | None = None,
    ) -> None:
        self.pid: Final = child.pid
        self.stdout: Final = stdout
        self.stderr: Final = stderr
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self.failure: Failure | None = None
        """What its exit status does not tell of its end."""
        self._child = child
        self._guard = guard
        self._stdin = stdin
        self._stop_watch = watch_exit(child.pid, self._ended)

    def signal(self, number: int) -> None:
        """Send a signal to every group of the session; one that is gone is no error."""
        signal_session(self.pid, number)

    def take_stdin(self) -> int | None:
        """The pipe of the input; None when it has none, or it was taken."""
        handle, self._stdin = self._stdin, None
        return handle

    async def end(self, grace: float) -> bool:
        """TERM to the session, KILL to what is left after ``grace`` seconds; whether it is dead.

        It may not be when a process hangs in the kernel or belongs to another user.
        """
        self.signal(signal.SIGTERM)
        if await self._dies_within(grace):
            return True
        self.signal(signal.SIGKILL)
        return await self._dies_within(_CONFIRM, kill=True)

    def release(self) -> None:
        """The group is of no concern any more: reap the leader, close the pipes.

        A leader that still runs is killed with its group: nobody is there to look after it.
        """
        self.stdout.close()
        self.stderr.close()
        handle = self.take_stdin()
        if handle is not None:
            os.close(handle)
        self._stop_watch()
        if not self.exited.done():
            self.signal(signal.SIGKILL)
        reap(self._child, self._guard)

    async def _dies_within(self, seconds: float, *, kill: bool = False) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        if seconds > 0:
            await asyncio.wait((self.exited,), timeout=seconds)
        pause = _LOOK_FIRST
        while members({self.pid}):
            if clock() >= deadline:
                return False
            if kill:
                self.signal(signal.SIGKILL)  # a group may have been made meanwhile
            await asyncio.sleep(min(pause, deadline - clock()))
            pause = min(pause * 2, _LOOK_LAST)
        return True

    def _ended(self) -> None:
        status = peek_status(self.pid)
        assert status is not None
        if not self.exited.done():
            self.exited.set_result(status)
