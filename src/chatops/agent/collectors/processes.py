"""Processes, straight from /proc: one small file each, and for those that are shown two more.

``/proc/PID/stat`` has all but the arguments and the user. Those are read only of processes that
are told, once for each life of a pid. Names and arguments are what a process says of itself: data,
whatever is in them; what looks like a credential is struck out (chatops.redaction).
"""

from __future__ import annotations

import os
import pwd
import time
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct

from chatops.agent.collectors.arguments import spoken
from chatops.protocol.limits import MAX_COMMAND_LINE, MAX_PROCESSES
from chatops.protocol.messages import ProcessSort
from chatops.protocol.metrics import Process, Processes

TOP: Final = 5
"""Processes in each of a sample's two lists."""
TOP_COMMAND: Final = 200
"""Characters of a command in a sample: it is sent for ever, a list that was asked for once."""
FRESH: Final = 1.0
"""Seconds for which a look holds: shorter spans would be noise, and looks cost."""
KEPT: Final = 2000
"""Processes whose arguments and user are remembered."""
_YOUNG: Final = 5.0
"""Seconds after its start in which a process may yet take another program or user."""
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_ALL_PAGES: Final = os.sysconf("SC_PHYS_PAGES")
_READ: Final = os.O_RDONLY | os.O_CLOEXEC


class Seen(Struct, frozen=True, gc=False):
    """A process as its ``stat`` has it: ``ticks`` of CPU time, ``started`` in ticks after the
    host's start, ``rss`` in pages. There are hundreds: the garbage collector, which finds nothing
    in them, would be a fifth of what a look costs."""

    pid: int
    ppid: int
    name: bytes
    ticks: int
    started: int
    rss: int


class Told(NamedTuple):
    """What is read once: the name as text, the user, and the arguments."""

    name: str
    user: str | None
    command: str | None


class Look(NamedTuple):
    """All processes at one moment, ``at`` seconds after the host's start, ``ts`` in Unix time.
    ``cpu`` is per cent of one core by pid, of those that are known to have taken any; with
    ``first`` it is known of none."""

    at: float
    ts: float
    seen: list[Seen]
    cpu: dict[int, float]
    first: bool = False

    def largest(self, sort: ProcessSort, limit: int) -> list[Seen]:
        """Those that take most."""
        if sort == "memory":
            return sorted(self.seen, key=attrgetter("rss"), reverse=True)[:limit]
        get = self.cpu.get
        return sorted(self.seen, key=lambda one: (get(one.pid, 0.0), one.rss), reverse=True)[:limit]


class ProcessCollector:
    """Looks at the processes, and remembers what rates and names need."""

    def __init__(self, *, arguments: bool = True, proc: str = "/proc") -> None:
        self._arguments = arguments
        self._proc = proc
        self._look = Look(-FRESH, 0.0, [], {})
        self._told: dict[tuple[int, int, bytes], Told] = {}
        self._users: dict[int, str] = {}

    def __call__(self) -> Processes:
        """Those that take most, for a sample."""
        look = self.look()
        by_cpu = [one for one in look.largest("cpu", TOP) if one.pid in look.cpu]
        by_memory = [one for one in look.largest("memory", TOP) if one.rss]
        return Processes(
            ts=look.ts,
            by_cpu=[self._process(one, look, TOP_COMMAND) for one in by_cpu],
            by_memory=[self._process(one, look, TOP_COMMAND) for one in by_memory],
        )

    def largest(self, sort: ProcessSort, limit: int) -> tuple[Look, list[Process]]:
        """The ``limit`` (0: as many as a hub takes) processes that take most, and the look that
        they are of."""
        look = self.look()
        chosen = look.largest(sort, min(limit or MAX_PROCESSES, MAX_PROCESSES))
        return look, [self._process(one, look, MAX_COMMAND_LINE) for one in chosen]

    def look(self) -> Look:
        """All processes now, or as they were a moment ago. CPU is since the look before, or since
        the start of one that is younger; nobody knows it at the first look."""
        last, at = self._look, time.clock_gettime(time.CLOCK_BOOTTIME)
        if at - last.at < FRESH:
            return last
        seen = self._all()
        self._look = Look(at, time.time(), seen, _shares(last, seen, at), first=not last.seen)
        if len(self._told) > KEPT:
            self._told.clear()
        return self._look

    def _all(self) -> list[Seen]:
        folder = os.open(self._proc, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            names = os.listdir(folder)  # noqa: PTH208  (pathlib takes three times as long)
            stats = [read(f"{name}/stat", folder) for name in names if name.isdecimal()]
        finally:
            os.close(folder)
        return [found for stat in stats if (found := parse(stat)) is not None]

    def _process(self, one: Seen, look: Look, width: int) -> Process:
        told = self._tell(one, look)
        return Process(  # by position: there are hundreds of them
            one.pid, one.ppid, told.user, told.name,
            told.command[:width] if told.command is not None else None,
            _cpu(one, look),
            round(100 * one.rss / _ALL_PAGES, 2), one.rss * _PAGE,
            round(look.ts - look.at + one.started / _TICKS, 2),
        )  # fmt: skip

    def _tell(self, one: Seen, look: Look) -> Told:
        key = (one.pid, one.started, one.name)
        told = self._told.get(key)
        if told is None:
            name = one.name.decode("utf-8", "replace")
            command = self._command(one.pid, name) if self._arguments else None
            told = Told(name, self._user(one.pid), command)
            if look.at - one.started / _TICKS > _YOUNG:
                self._told[key] = told
        return told

    def _user(self, pid: int) -> str | None:
        # Not the owner of the folder: of a process that must not be looked into that is root.
        status = read(f"{self._proc}/{pid}/status")
        _, found, rest = status.partition(b"\nUid:\t")
        if not found:
            return None
        uid = int(rest.split(None, 2)[1])
        name = self._users.get(uid)
        if name is None:  # two threads may be here: who asks, and who samples
            if len(self._users) > KEPT:
                self._users.clear()
            name = self._users[uid] = _name_of(uid)
        return name

    def _command(self, pid: int, name: str) -> str:
        return spoken(read(f"{self._proc}/{pid}/cmdline")) or f"[{name}]"


def parse(stat: bytes) -> Seen | None:
    """What a ``stat`` says; None for one of a process that is gone. The name in parentheses may
    hold anything: the fields begin after the last one."""
    head, _, tail = stat.rpartition(b")")
    pid, _, name = head.partition(b" (")
    fields = tail.split(None, 22)
    try:
        return Seen(
            int(pid), int(fields[1]), name, int(fields[11]) + int(fields[12]), int(fields[19]),
            max(int(fields[21]), 0),
        )  # fmt: skip
    except (ValueError, IndexError):
        return None


def read(path: str, folder: int | None = None) -> bytes:
    """The first 4 KiB of a file of /proc; nothing when the process is gone or not ours to see."""
    try:
        file = os.open(path, _READ, dir_fd=folder)
    except OSError:
        return b""
    try:
        return os.read(file, 4096)
    except OSError:
        return b""
    finally:
        os.close(file)


def _shares(last: Look, seen: list[Seen], at: float) -> dict[int, float]:
    """Per cent of one core since the look before; of a process that is younger since its start,
    once that is a while ago."""
    known = {one.pid: one for one in last.seen}
    shares: dict[int, float] = {}
    for one in seen if known else ():
        before = known.get(one.pid)
        if before is not None and before.started == one.started:
            spent, span = one.ticks - before.ticks, at - last.at
        else:
            spent, span = one.ticks, at - max(last.at, one.started / _TICKS)
        if spent > 0 and span >= FRESH:
            shares[one.pid] = round(100 * spent / _TICKS / span, 1)
    return shares


def _cpu(one: Seen, look: Look) -> float | None:
    """What is known of its share: nothing at the first look, nor of one that has just begun."""
    young = look.at - one.started / _TICKS < FRESH
    return None if look.first or young else look.cpu.get(one.pid, 0.0)


def _name_of(uid: int) -> str:
    try:
        name = pwd.getpwuid(uid).pw_name
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except KeyError:  # usual for the users of containers
        return str(uid)
