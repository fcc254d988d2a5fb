"""The watchdog: a process of its own that kills what a dead agent left running.

The agent writes lines into its standard input; when that ends the agent is dead, however
it died, and everything that is still held is killed. It runs as one file with nothing but
built-in modules (``python -I -S watchdog.py``), so that it stays small.

    +PGID    a process group lives, and the session of the same number
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

DEATH_SECONDS = 2.0
"""How long to see to it that what was killed is dead; what hangs in the kernel is left alone."""


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
    end_sessions(held.groups | find_starts(held.starts))


def find_starts(inodes: set[int]) -> set[int]:
    """Kill what was being started when the agent died; the groups that were found."""
    found: set[int] = set()
    wanted = {f"pipe:[{inode}]" for inode in inodes}
    deadline = time.monotonic() + SEARCH_SECONDS
    while wanted and time.monotonic() < deadline:
        for name in os.listdir("/proc"):  # noqa: PTH208  (pathlib would double the memory)
            pipe = output_of(name) if name.isdigit() else ""
            if pipe in wanted and kill_process(int(name)):
                found.add(int(name))
                wanted.discard(pipe)
        time.sleep(0.05)
    return found


def end_sessions(sessions: set[int]) -> None:
    """Kill what is left of these sessions, other groups in them too, until all is dead."""
    deadline = time.monotonic() + DEATH_SECONDS
    while (left := members(sessions)) and time.monotonic() < deadline:
        for group in left:
            kill_group(group)
        time.sleep(0.01)


def members(sessions: set[int]) -> set[int]:
    """The groups that still run in these sessions; zombies do not count."""
    found: set[int] = set()
    for name in os.listdir("/proc") if sessions else ():  # noqa: PTH208  (the same)
        if name.isdigit():
            state, group, session = place_of(name)
            if session in sessions and state not in (b"Z", b"X"):
                found.add(group)
    return found


def place_of(pid: str) -> tuple[bytes, int, int]:
    """State, group and session of a process; of one that is gone, zeros."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name in parentheses may hold anything: fields begin after the last one.
            state, _parent, group, session = file.read(4096).rpartition(b")")[2].split()[:4]
    except (OSError, ValueError):
        return b"X", 0, 0
    return state, int(group), int(session)


def output_of(pid: str) -> str:
    """What the standard output of a process is; empty when it cannot be told."""
    try:
        return os.readlink(f"/proc/{pid}/fd/1")  # noqa: PTH115  (the same)
    except OSError:
        return ""


def kill_process(pid: int) -> bool:
    """Kill a process, with its group once it leads one; whether it did.

    One that does not may be a child of what is looked for, which is still to be found.
    """
    try:
        if os.getpgid(pid) == pid:
            kill_group(pid)
            return True
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass
    return False


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
