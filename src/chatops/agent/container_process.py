"""A command in a container, as the agent follows it: the helper that stands for it, and what the
helper reports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from typing import Any, Final

import msgspec

from chatops.agent.exits import ExitStatus, peek_status
from chatops.agent.guard import Guard
from chatops.agent.pipes import PipeReader
from chatops.agent.process import Failure, Process

_LONGEST: Final = 65536
_UNTOLD: Final = "how the command ended is not known"


class ContainerProcess(Process):
    """The helper and its pipes. ``exited`` is set when the helper has reported the command's end,
    or when the helper and its minder are gone: then the command is dead too, unless the minder
    said that it cannot end it."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        guard: Guard,
        stdout: PipeReader,
        stderr: PipeReader,
        *,
        report: int,
        stdin: int | None = None,
    ) -> None:
        self._told = b""
        self._alive = False
        self._reader = PipeReader(report, self._took)
        super().__init__(child, guard, stdout, stderr, stdin)

    def release(self) -> None:
        """As of a Process; the helper has nothing more to do."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._reader.close()
        super().release()

    async def _dies_within(self, seconds: float, *, kill: bool = False) -> bool:
        clock = asyncio.get_running_loop().time
        deadline = clock() + seconds
        dead = await super()._dies_within(seconds, kill=kill)
        if dead and not self.exited.done():  # the helper is, and its minder is at work
            await asyncio.wait((self.exited,), timeout=max(deadline - clock(), 0.0))
        return dead and self.exited.done() and not self._alive

    def _took(self, data: bytes) -> None:
        self._told = (self._told + data)[:_LONGEST]
        *lines, _ = self._told.split(b"\n")
        for line in lines:
            self._hear(msgspec.json.decode(line))
        if not data:
            self._settle()

    def _hear(self, told: dict[str, Any]) -> None:
        self._alive = self._alive or told.get("alive", False)
        if "lost" in told:
            self.failure = Failure("lost", "engine", str(told["lost"]))
        elif "error" in told:
            self.failure = Failure("failed", "spawn", str(told["error"]))
        if "code" in told or "lost" in told:
            self._exit(ExitStatus(told.get("code"), None))

    def _settle(self) -> None:
        """Nothing more will be reported."""
        if self.exited.done():
            return
        status = peek_status(self.pid)
        if status is not None:
            if status.signal is None:
                self.failure = Failure("failed", "internal", _UNTOLD)
            self._exit(ExitStatus(None, status.signal))

    def _exit(self, status: ExitStatus) -> None:
        if not self.exited.done():
            self.exited.set_result(status)

    def _ended(self) -> None:
        if self._reader.closed:
            self._settle()
