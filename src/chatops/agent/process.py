"""A command as a process group of its own: end it, and be sure that it is dead."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from chatops.agent.exits import ExitStatus, peek_status, watch_exit
from chatops.agent.guard import Guard
from chatops.agent.pipes import PipeReader

_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CONFIRM: Final = 30.0
"""Seconds to wait for the death of a group that was sent KILL."""
_REAP: Final = 0.2
"""Seconds to wait for the end of a leader that was sent KILL; what hangs is left alone."""
_LOOK_FIRST: Final = 0.01
_LOOK_LAST: Final = 0.25


def base_environment() -> dict[str, str]:
    """What every command finds: built here, never the agent's own variables."""
    try:
        user = pwd.getpwuid(os.geteuid())
        name, home, shell = user.pw_name, user.pw_dir, user.pw_shell
    except KeyError:  # a uid without an entry, usual in containers
        name, home, shell = str(os.geteuid()), "/", ""
    return {
        "PATH": _PATH, "HOME": home, "USER": name, "LOGNAME": name,
        "SHELL": shell or "/bin/sh", "LANG": "C.UTF-8",
    }  # fmt: skip


def home_folder(environment: Mapping[str, str]) -> str:
    """Where a command starts unless told: the user's home, or / when that is not there."""
    home = environment.get("HOME", "/")
    return home if Path(home).is_dir() else "/"


def vector_of(command: str | list[str]) -> list[str]:
    """The argument vector of a shell line or a vector."""
    return ["/bin/sh", "-c", command] if isinstance(command, str) else command


class Process:
    """A running group and its two pipes. The leader is not reaped before ``release``."""

    def __init__(
        self, child: subprocess.Popen[bytes], guard: Guard, stdout: PipeReader, stderr: PipeReader
    ) -> None:
        self.pid: Final = child.pid
        self.stdout: Final = stdout
        self.stderr: Final = stderr
        self.exited: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self._child = child
        self._guard = guard
        self._stop_watch = watch_exit(child.pid, self._ended)

    def signal(self, number: int) -> None:
        """Send a signal to the whole group; one that is gone is no error."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    async def end(self, grace: float) -> bool:
        """TERM to the group, KILL to what is left after ``grace`` seconds; whether it is dead.

        It may not be when a process hangs in the kernel or belongs to another user.
        """
        self.signal(signal.SIGTERM)
        if await self._dies_within(grace):
            return True
        self.signal(signal.SIGKILL)
        return await self._dies_within(_CONFIRM)

    def release(self) -> None:
        """The group is of no concern any more: reap the leader, close the pipes.

        A leader that still runs is killed with its group: nobody is there to look after it.
        """
        self.stdout.close()
        self.stderr.close()
        self._stop_watch()
        if not self.exited.done():
            self.signal(signal.SIGKILL)
        self._guard.release(self.pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=_REAP)

    async def _dies_within(self, seconds: float) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        if seconds > 0:
            await asyncio.wait((self.exited,), timeout=seconds)
        pause = _LOOK_FIRST
        while group_lives(self.pid):
            if clock() >= deadline:
                return False
            await asyncio.sleep(min(pause, deadline - clock()))
            pause = min(pause * 2, _LOOK_LAST)
        return True

    def _ended(self) -> None:
        status = peek_status(self.pid)
        assert status is not None
        if not self.exited.done():
            self.exited.set_result(status)


def group_lives(group: int) -> bool:
    """Whether any process of the group still runs; zombies do not count."""
    with os.scandir("/proc") as entries:
        return any(_runs_in(entry.name, group) for entry in entries if entry.name.isdecimal())


def _runs_in(pid: str, group: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name in parentheses may hold anything: fields begin after the last one.
            state, _parent, its_group = file.read(4096).rpartition(b")")[2].split()[:3]
    except (OSError, ValueError):
        return False
    return int(its_group) == group and state not in (b"Z", b"X")
