"""A command at a terminal in a container. The engine owns the PTY; the helper passes on what is
typed and printed, and has the engine give it the sizes that come through a pipe of its own."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from contextlib import suppress
from typing import Any, Final

from chatops.agent.container_launch import ContainerLaunch, close_both, close_end
from chatops.agent.container_process import ContainerProcess
from chatops.protocol.messages import Command
from chatops.protocol.parts import Terminal

_AHEAD: Final = 4096
"""Bytes that the pipe of the output holds: no more than a terminal does."""
_DETACH: Final = ",".join(["ctrl-^"] * 16)
"""What engines take for the wish to leave. It cannot be switched off, and until it is clear that it
is another, each beginning of it waits for the next key; the usual one begins with Ctrl-P."""


class ContainerTerminal(ContainerProcess):
    """The helper of a command at a terminal; ``sizes`` is the pipe to it, closed with it."""

    sizes: int = -1

    def resize(self, rows: int, cols: int, *, redraw: bool) -> None:
        """Tell another size; with ``redraw`` also when it is none."""
        line = f"{rows} {cols}{' redraw' if redraw else ''}\n"
        with suppress(OSError):  # it is over, or hangs
            os.write(self.sizes, line.encode())

    async def end(self, grace: float) -> bool:
        """As a terminal ends: HUP first, which a shell minds, and not TERM, which it does not."""
        self.signal(signal.SIGHUP)
        if await self._dies_within(grace):
            return True
        return await super().end(0.0)

    def release(self) -> None:
        """As of any command in a container."""
        sizes, self.sizes = self.sizes, -1
        if sizes >= 0:
            os.close(sizes)
        super().release()


class ContainerTerminalLaunch(ContainerLaunch):
    """One start at a terminal in a container; see ContainerLaunch.

    Raises:
        OSError: as Launch.
    """

    process = ContainerTerminal

    def __init__(self, command: Command, terminal: Terminal, **parts: Any) -> None:
        self._terminal = terminal
        self._sizes = list(os.pipe2(os.O_CLOEXEC))
        os.set_blocking(self._sizes[1], False)
        os.write(self._sizes[1], f"{terminal.rows} {terminal.cols}\n".encode())
        try:
            super().__init__(command, **parts)
        except OSError:
            close_both(self._sizes)
            raise
        with suppress(OSError):  # it is as large as it is
            fcntl.fcntl(self._out[1], fcntl.F_SETPIPE_SZ, _AHEAD)

    def _more(self) -> list[int]:
        return [self._sizes[0]]

    def _config(self, command: Command) -> dict[str, Any]:
        config = super()._config(command)
        if "TERM" not in command.env:
            config["Env"].append(f"TERM={self._terminal.term}")
        return {**config, "Tty": True, "DetachKeys": _DETACH}

    def _process(self, child: subprocess.Popen[bytes]) -> ContainerTerminal:
        process = super()._process(child)
        assert isinstance(process, ContainerTerminal)
        process.sizes, self._sizes[1] = self._sizes[1], -1
        return process

    def _settle(self, group: int | None) -> None:
        super()._settle(group)
        close_end(self._sizes, 0)

    def _close(self) -> None:
        super()._close()
        close_end(self._sizes, 1)
