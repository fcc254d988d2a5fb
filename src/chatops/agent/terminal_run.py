"""A command at a terminal, from its start to its outcome: as any other (chatops.agent.run), but
that it ends when nobody is at it, and that what it prints is never far ahead of who looks at it."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import replace
from typing import Any, Final

from chatops.agent.command_states import Life
from chatops.agent.container_terminal import ContainerTerminal, ContainerTerminalLaunch
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.launch import Launch
from chatops.agent.output import OutputStream
from chatops.agent.process import Process
from chatops.agent.run import Run
from chatops.agent.shell_policy import ShellPolicy
from chatops.agent.stdin import StandardInput
from chatops.agent.terminal import TerminalLaunch, TerminalProcess, TerminalWriter
from chatops.protocol.limits import KiB
from chatops.protocol.messages import Command, Resize, StreamClose

AHEAD: Final = 64 * KiB
"""Bytes that a terminal may print before who looks at it has them: Ctrl-C has to be seen soon."""
GRACE: Final = 5.0
"""Seconds from HUP to KILL."""
_LOOKS: Final = 4
"""How often in the time that a terminal may be idle it is looked whether it is."""


class Screen(OutputStream):
    """What is printed: while somebody looks, the program waits for them early."""

    @property
    def is_full(self) -> bool:
        """Whether its producer has to wait for its watcher."""
        return self._watched and self.buffer.end - self._position >= AHEAD


class Keyboard(StandardInput):
    """What is typed. When there will be no more, or nobody came back to type it, it is over."""

    writer = TerminalWriter

    def shut(self, message: StreamClose) -> None:
        """As of any input; but an end of it hangs up."""
        super().shut(message)
        if message.reason == "eof":
            self._lost()


class TerminalRun(Run):
    """A command that has a terminal; see Run for what it is made of besides ``shell``."""

    output = Screen
    input = Keyboard
    limit_key = "shell.total"

    def __init__(
        self, shell: ShellPolicy, command: Command, life: Life, bounds: ExecPolicy, *rest: Any
    ) -> None:
        bounds = replace(bounds, timeout=shell.total, max_output=None)
        super().__init__(command, life, bounds, *rest)
        self._idle = shell.idle
        self._size: Resize | None = None
        self._looks: asyncio.TimerHandle | None = None

    def resize(self, message: Resize) -> None:
        """The terminal has another size, or is to be drawn anew."""
        self._size = message
        if isinstance(self._process, TerminalProcess | ContainerTerminal):
            self._process.resize(message.rows, message.cols, redraw=message.redraw)

    async def carry_out(self) -> None:
        """As any command; see also [policy.shell]."""
        self._look(None, self._clock.monotonic())
        try:
            await super().carry_out()
        finally:
            if self._looks is not None:
                self._looks.cancel()

    def _begin(self) -> Launch:
        stdout, stderr = (functools.partial(self._took, one) for one in self.streams)
        assert self.command.terminal is not None
        if self.command.container is None:
            return TerminalLaunch(
                self.command, self.command.terminal, bounds=self._bounds, guard=self._guard,
                stdout=stdout, stderr=stderr,
            )  # fmt: skip
        engine, policy = self._containers
        return ContainerTerminalLaunch(
            self.command, self.command.terminal, engine=engine, policy=policy, bounds=self._bounds,
            guard=self._guard, stdout=stdout, stderr=stderr,
        )  # fmt: skip

    def _feed(self, process: Process) -> None:
        super()._feed(process)
        if self._size is not None:  # it came while this was being started
            self.resize(self._size)

    def _cut_off(self) -> None:
        self.end("hung_up", GRACE)

    def _look(self, before: int | None, since: float) -> None:
        """Whether anything was typed or printed lately: the count of it, and since when it is."""
        if self._idle is None:
            return
        now = self._clock.monotonic()
        count = self.stdout.buffer.end + (self.stdin.taken if self.stdin else 0)
        since = since if count == before else now
        if now - since >= self._idle:
            self.end("idle", GRACE)
            return
        loop = asyncio.get_running_loop()
        self._looks = loop.call_later(self._idle / _LOOKS, self._look, count, since)
