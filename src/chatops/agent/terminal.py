"""A command at a terminal: how it gets one (a PTY), and what is written to and read from it.

The agent holds the PTY's own end, and with it the terminal: when that is closed, or the agent
dies, the kernel hangs up on everything that runs there. The watchdog kills what does not mind.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import signal
import struct
import subprocess
import termios
from typing import Final

from chatops.agent.account import Account
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.guard import Guard
from chatops.agent.launch import Launch, Took
from chatops.agent.pipes import PipeReader, PipeWriter
from chatops.agent.process import Process, vector_of
from chatops.protocol.messages import Command
from chatops.protocol.parts import Terminal

_DRAIN: Final = 64 * 1024
"""Bytes that are still taken from a terminal whose leader has ended, however slow its watcher is:
more than the kernel holds of one."""
_ENTER: Final = 'line=$1; shift; exec "$@" 0<>"$line" 1>&0 2>&0'
"""The leader of a new session that opens a terminal gets it as its own."""


def set_size(handle: int, rows: int, cols: int) -> None:
    """Give a terminal its size; the kernel tells who runs there if that is another one.

    Raises:
        OSError: it is no terminal, or no more.
    """
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))


class TerminalReader(PipeReader):
    """Reads what is printed. The end is that nobody has the terminal open any more."""

    def drain(self) -> None:
        """Take what is there now, paused or not."""
        room = _DRAIN
        while room > 0 and (count := self._read()):
            room -= count


class TerminalWriter(PipeWriter):
    """Writes what is typed."""

    def _watch(self) -> None:
        """Nothing to look for: a terminal has no reader that could be gone."""


class TerminalProcess(Process):
    """A session and its terminal. ``handle`` is the PTY's own end, ``line`` the other one, which is
    held so that there is no end of the output before the leader's."""

    def __init__(
        self,
        child: subprocess.Popen[bytes],
        guard: Guard,
        stdout: PipeReader,
        stderr: PipeReader,
        handle: int,
        line: int,
    ) -> None:
        self._handle = handle
        self._line = line
        super().__init__(child, guard, stdout, stderr, stdin=os.dup(handle))

    def resize(self, rows: int, cols: int, *, redraw: bool) -> None:
        """Tell another size; with ``redraw`` also when it is none."""
        if self.stdout.closed:
            return
        with contextlib.suppress(OSError):  # it is being hung up
            set_size(self._handle, rows, cols)
            group = os.tcgetpgrp(self._handle) if redraw else 0
            if group > 0:  # 0 would be the agent's own
                os.killpg(group, signal.SIGWINCH)

    async def end(self, grace: float) -> bool:
        """As a terminal ends: HUP first, which a shell minds, and not TERM, which it does not."""
        self.signal(signal.SIGHUP)
        self.signal(signal.SIGCONT)  # what is stopped hears of nothing
        if await self._dies_within(grace):
            return True
        return await super().end(0.0)

    def release(self) -> None:
        """As of any command; the terminal is hung up."""
        self._let_go()
        super().release()

    def _ended(self) -> None:
        self._let_go()
        super()._ended()

    def _let_go(self) -> None:
        line, self._line = self._line, -1
        if line >= 0:
            os.close(line)


class TerminalLaunch(Launch):
    """One start at a terminal of its own; see Launch.

    Raises:
        OSError: as Launch; there is no terminal to be had.
    """

    def __init__(
        self,
        command: Command,
        terminal: Terminal,
        *,
        bounds: ExecPolicy,
        guard: Guard,
        stdout: Took,
        stderr: Took,
    ) -> None:
        self._handle, self._line = pty.openpty()
        self._terminal = terminal
        try:
            set_size(self._line, terminal.rows, terminal.cols)
            super().__init__(
                command.command, bounds=bounds, env=command.env, folder=command.cwd, guard=guard,
                stdout=stdout, stderr=stderr,
            )  # fmt: skip
        except OSError:
            self._let_go()
            raise

    def _words(self) -> list[str]:
        shell = [self._bounds.user.shell, "-l"]
        words = shell if self._terminal.login else vector_of(self._command)
        return ["/bin/sh", "-c", _ENTER, "chatops", os.ttyname(self._line), *words]

    def _variables(self) -> dict[str, str]:
        return {"TERM": self._terminal.term, **super()._variables()}

    def _give_pipes(self, user: Account) -> None:
        super()._give_pipes(user)
        os.fchown(self._line, user.uid, -1)

    def _process(self, child: subprocess.Popen[bytes]) -> TerminalProcess:
        reader = TerminalReader(self._handle, self._took[0])
        errors = PipeReader(self._err[0], self._took[1])
        process = TerminalProcess(child, self._guard, reader, errors, self._handle, self._line)
        os.close(self._out[0])
        return process

    def _close(self) -> None:
        super()._close()
        self._loop.remove_reader(self._handle)
        self._let_go()

    def _let_go(self) -> None:
        """Nothing runs at the terminal. Once: its numbers may be other files' after that."""
        for handle in (self._handle, self._line):
            if handle >= 0:
                os.close(handle)
        self._handle = self._line = -1
