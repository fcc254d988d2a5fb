"""What a test must not leave behind: tasks, child processes, threads, files and sockets."""

from __future__ import annotations

import asyncio
import asyncio.runners
import gc
import itertools
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.waiting import pause

# Opened once by the interpreter, a library or pytest itself and kept for good.
_KEPT = ("/dev/", "/proc/", "/sys/", "/usr/", "/etc/")
# But not what tests make, which may lie in /dev/shm.
_MADE = f"{tempfile.gettempdir()}/"
# The only place where a runner can be looked at between a test's end and its loop's.
_CANCEL_ALL = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]  # not public
_ENDING = 3.0
"""Seconds for tasks that are ending already; on a loaded machine some take that."""
_COLLECT = 10
"""Looks from one collection of garbage to the next."""
_FIRST = 2
"""The look at which the first is made: most of what ends does so before, and costs none."""
_HELPERS = ("multiprocessing.resource_tracker", "multiprocessing.forkserver")


class Held(NamedTuple):
    """What this process holds at one moment. ``children`` are process ids."""

    children: frozenset[str]
    threads: frozenset[str]
    files: frozenset[str]

    def since(self, before: Held) -> list[str]:
        """What is held now and was not before, each thing in a line."""
        return [
            *(f"child process {pid}: {_command(pid)}" for pid in self.children - before.children),
            *(self.threads - before.threads),
            *(self.files - before.files),
        ]


def held() -> Held:
    """What this process holds now. Costs some tens of microseconds."""
    return Held(frozenset(_children()), frozenset(_threads()), frozenset(_files()))


def left_behind(before: Held, *, grace: float = 3.0) -> list[str]:
    """What is held since ``before`` and does not go away by itself within ``grace`` seconds."""
    deadline = time.monotonic() + grace
    for look in itertools.count():
        new = held().since(before)
        if not new:
            return []
        if time.monotonic() > deadline:
            return sorted(new)
        if look % _COLLECT == _FIRST:  # costly, and a thread that ends now may leave more of it
            gc.collect()
        pause(0.02)
    raise AssertionError


@contextmanager
def recorded_tasks() -> Iterator[list[str]]:
    """Names of the tasks that still ran whenever an event loop was closed in this time.

    A runner cancels them in silence, so this looks just before it does, and lets those that are
    ending already come to their end.
    """
    found: list[str] = []
    before = asyncio.runners._cancel_all_tasks  # type: ignore[attr-defined]  # see _CANCEL_ALL

    def record(loop: asyncio.AbstractEventLoop) -> None:
        if ending := asyncio.all_tasks(loop):
            loop.run_until_complete(asyncio.wait(ending, timeout=_ENDING))
        found.extend(f"task {task.get_name()}: {task!r}" for task in asyncio.all_tasks(loop))
        _CANCEL_ALL(loop)

    asyncio.runners._cancel_all_tasks = record  # type: ignore[attr-defined]  # see _CANCEL_ALL
    try:
        yield found
    finally:
        asyncio.runners._cancel_all_tasks = before  # type: ignore[attr-defined]  # see _CANCEL_ALL


def _children() -> Iterator[str]:
    for task in Path("/proc/self/task").iterdir():
        with suppress(OSError):
            for pid in (task / "children").read_text().split():
                if not any(helper in _command(pid) for helper in _HELPERS):
                    yield pid


def _command(pid: str) -> str:
    with suppress(OSError):  # one that ended and was not waited for has only its short name
        raw = Path(f"/proc/{pid}/cmdline").read_bytes() or Path(f"/proc/{pid}/comm").read_bytes()
        return raw.replace(b"\0", b" ").decode(errors="replace").strip()
    return "(gone)"


def _threads() -> Iterator[str]:
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.main_thread():
            yield f"thread {thread.name} {thread.ident}"


def _files() -> Iterator[str]:
    for number in os.listdir("/proc/self/fd"):  # noqa: PTH208  (called for every test)
        with suppress(OSError):
            target = os.readlink(f"/proc/self/fd/{number}")  # noqa: PTH115
            if target.startswith(_MADE) or not target.startswith(_KEPT):
                yield f"open file {number}: {target}"
