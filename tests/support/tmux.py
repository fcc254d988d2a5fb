"""A real terminal without a person: tmux, whose screen can be read and whose keys are pressed."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.waiting import until


class Screen:
    """One tmux server with one window."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def tmux(self, *words: str) -> str:
        """What a command of tmux says."""
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, timeout=30,
            check=True,
        )  # fmt: skip
        return done.stdout

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return self.tmux("capture-pane", "-p")

    @property
    def styled(self) -> str:
        """The same with the sequences of its colours."""
        return self.tmux("capture-pane", "-p", "-e")

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names for them."""
        self.tmux("send-keys", *keys)

    def resize(self, columns: int, lines: int) -> None:
        """Another size."""
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def shows(self, *wanted: str, within: float = 30.0) -> str:
        """Wait until all of that stands there; the screen then."""
        seen = ""

        def look() -> bool:
            nonlocal seen
            seen = self.text
            return all(one in seen for one in wanted)

        try:
            until(look, within=within, what="the screen")
        except AssertionError:
            raise AssertionError(f"no {wanted} on the screen:\n{seen}") from None
        return seen

    def pids(self, name: str) -> list[int]:
        """The processes below the window's shell whose command line has that word."""
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        done = subprocess.run(
            ["ps", "--ppid", shell, "-o", "pid=,args="], capture_output=True, text=True, check=False
        )
        return [int(line.split()[0]) for line in done.stdout.splitlines() if name in line]


@contextmanager
def screen(folder: Path, environ: Mapping[str, str], columns: int, lines: int) -> Iterator[Screen]:
    """A shell in a terminal of that size, which says ``ready$`` when it waits."""
    made = Screen(folder / "tmux")
    variables = [f"{name}={value}" for name, value in environ.items()]
    shell: Sequence[str] = ["env", "-i", *variables, "TERM=screen", "PS1=ready$ ", "sh"]
    made.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(lines),
              shlex.join(shell))  # fmt: skip
    try:
        made.shows("ready$")
        yield made
    finally:
        made.tmux("kill-server")
        until(lambda: not _alive(made), within=10.0, what="the end of tmux")


def _alive(made: Screen) -> bool:
    try:
        made.tmux("list-sessions")
    except subprocess.CalledProcessError:
        return False
    return True
