"""The watchdog: a process of its own that kills what a dead agent left running.

The agent writes lines into its standard input; when that ends the agent is dead, however
it died, and everything that is still held is killed. It runs as one file with nothing but
built-in modules (``python -I -S watchdog.py``), so that it stays small.

    +PGID    a process group lives
    -PGID    it is no concern any more
    ?INODE   a process is about to be started whose standard output is the pipe INODE
    ~INODE   that start is over: it failed, or its +PGID was sent

Between ``?`` and ``+`` the agent may die with a process just started whose number nobody
knows. That process is found by the pipe it holds.
"""

from __future__ import annotations

import os
import signal
import sys
import time

# What stops the agent may be sent to all its processes; this one goes last, by itself.
IGNORED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)

SEARCH_SECONDS = 2.0
"""How long a process may take from fork to showing its standard output."""


class Held:
    """What must not outlive the agent."""

    def __init__(self) -> None:
        self.groups: set[int] = set()
        self.starts: set[int] = set()

    def note(self, line: bytes) -> None:
        """Take in one line; one that says nothing known is passed over."""
        sign, number = line[:1], line[1:].strip()
        if not number.isdigit():
            return
        holds, add = (self.groups if sign in b"+-" else self.starts), sign in b"+?"
        if sign in b"+-?~":
            (holds.add if add else holds.discard)(int(number))


def watch(source: int) -> None:
    """Read ``source`` to its end, then kill what is held."""
    held, rest = Held(), b""
    while data := os.read(source, 65536):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            held.note(line)
    for group in held.groups:
        kill_group(group)
    find_starts(held.starts)


def find_starts(inodes: set[int]) -> None:
    """Kill what was being started when the agent died."""
    wanted = {f"pipe:[{inode}]" for inode in inodes}
    deadline = time.monotonic() + SEARCH_SECONDS
    while wanted and time.monotonic() < deadline:
        for name in os.listdir("/proc"):  # noqa: PTH208  (pathlib would double the memory)
            pipe = output_of(name) if name.isdigit() else ""
            if pipe in wanted:
                kill_process(int(name))
                wanted.discard(pipe)
        time.sleep(0.05)


def output_of(pid: str) -> str:
    """What the standard output of a process is; empty when it cannot be told."""
    try:
        return os.readlink(f"/proc/{pid}/fd/1")  # noqa: PTH115  (the same)
    except OSError:
        return ""


def kill_process(pid: int) -> None:
    """Kill a process, with its group once it leads one."""
    try:
        if os.getpgid(pid) == pid:
            kill_group(pid)
        else:
            os.kill(pid, signal.SIGKILL)
    except OSError:
        return


def kill_group(group: int) -> None:
    """Kill a process group; one that is gone is no error."""
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        return


if __name__ == "__main__":
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    watch(0)
    sys.exit(0)
