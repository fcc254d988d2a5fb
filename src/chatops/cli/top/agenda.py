"""What is to be asked of the hub, and when. Pure: no I/O, and no clock of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

Kind = Literal[
    "servers", "alerts", "fill", "info", "sample", "history", "processes", "alert", "ack",
    "containers", "change",
]  # fmt: skip
EVERY: Final[dict[Kind, float]] = {
    "servers": 5.0, "alerts": 10.0, "info": 30.0, "sample": 2.0, "history": 10.0, "processes": 5.0,
    "containers": 5.0,
}  # fmt: skip
"""Seconds from one answer to the next question."""
FILL: Final = 25
"""Servers whose history is asked for at once."""
_OF_ALL: Final[tuple[Kind, ...]] = ("servers", "alerts")
_OF_ONE: Final[tuple[Kind, ...]] = ("sample", "history", "info")
_OF_AGENT: Final[tuple[Kind, ...]] = ("processes", "containers")
"""What its agent looks at again and again, as long as that is on the screen."""


class Job(NamedTuple):
    """One question: of what kind, about which servers (ids, or for ``fill`` names); ``alert`` and
    ``ack`` (acknowledge it) are about one alert's id; ``change`` has the ids of a server and a
    container, and what to do."""

    kind: Kind
    about: tuple[str, ...] = ()


class Agenda:
    """The lists of servers and alerts again and again; the past of those that come into view; all
    about the one on the screen; and what the user wants once. Threads may share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._due: dict[Kind, float] = {"servers": 0.0, "alerts": 0.0}
        self._fill: deque[str] = deque()
        self._once: deque[Job] = deque()
        self._open: str | None = None

    def fill(self, names: Iterable[str]) -> None:
        """The past of these is wanted."""
        with self._lock:
            self._fill.extend(names)

    def once(self, job: Job) -> None:
        """Ask that before all else."""
        with self._lock:
            self._once.append(job)

    def open(self, server_id: str | None, now: float) -> None:
        """This server is on the screen now; None: no single one."""
        with self._lock:
            self._open = server_id
            for kind in (*_OF_ONE, *_OF_AGENT):
                self._due.pop(kind, None)
            if server_id is not None:
                self._due |= dict.fromkeys(_OF_ONE, now)

    def look(self, at: str, now: float) -> None:
        """Which panel of that server is looked at."""
        with self._lock:
            for kind in _OF_AGENT:
                if kind == at and self._open is not None:
                    self._due.setdefault(kind, now)
                else:
                    self._due.pop(kind, None)

    def hurry(self, kind: Kind, at: float) -> None:
        """Ask that then, if not sooner."""
        with self._lock:
            self._due[kind] = min(self._due.get(kind, at), at)

    def hurry_if_due(self, kind: Kind, at: float) -> None:
        """The same of what is still wanted."""
        with self._lock:
            if kind in self._due:
                self._due[kind] = min(self._due[kind], at)

    def next(self, now: float) -> Job | float:
        """What is to be asked now, or in how many seconds there will be something. What was asked
        for last is what the user waits for: the server on the screen first."""
        with self._lock:
            if self._once:
                return self._once.popleft()
            due = sorted((at, kind) for kind, at in self._due.items())
            for at, kind in due:
                if at <= now:
                    self._due[kind] = now + EVERY[kind]
                    of_all = kind in _OF_ALL or self._open is None
                    return Job(kind, () if of_all else (str(self._open),))
            if self._fill:
                names = [self._fill.popleft() for _ in range(min(FILL, len(self._fill)))]
                return Job("fill", tuple(names))
            return due[0][0] - now
