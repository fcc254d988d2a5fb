"""Which files a log's place can be in: the one at its path, and those it was renamed to."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Set
from contextlib import suppress
from pathlib import Path
from typing import Final

from chatops.agent.logs.places import HEAD, Found
from chatops.agent.opening import no_plain_file

Opener = Callable[[Path], int]
"""Gives a descriptor to read a file from, or raises OSError."""

MOST: Final = 100
"""Older files of a log that are looked at, the newest first."""
_ROTATED: Final = re.compile(
    r"(?:\.\d[\d._T:-]{0,40}|[-_]\d{4}-?\d\d[\d._T:-]{0,36}|[-._](?:old|bak|prev))"
)
"""What names of older files have more: ``.1``, ``-20261125``, ``.2026-11-25``, ``.old``. A short
number after a hyphen is no rotation: ``worker-1.log`` is the log of a worker. What is packed is of
no use here."""


class NoFile(Exception):
    """There is no file that can be read; the text says why."""


def open_plainly(path: Path) -> int:
    """Open what is at a path."""
    # A pipe would wait for its writer, and be emptied by us.
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)


def open_log(path: Path, opener: Opener = open_plainly) -> tuple[int, Found]:
    """A descriptor of a file, and how it looks now.

    Raises:
        NoFile: there is none, it may not be read, or it is something else.
    """
    try:
        descriptor = opener(path)
    except OSError as error:
        raise NoFile((error.strerror or "it cannot be opened").lower()) from None
    try:
        return descriptor, look(path, descriptor)
    except BaseException:
        os.close(descriptor)
        raise


def look(path: Path, descriptor: int) -> Found:
    """How an open file looks now.

    Raises:
        NoFile: it is no plain file, or cannot be read.
    """
    try:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise NoFile(no_plain_file(info.st_mode))
        head = os.pread(descriptor, HEAD, 0)
    except OSError as error:
        raise NoFile((error.strerror or "it cannot be read").lower()) from None
    return Found(path, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, head)


def identity(path: Path) -> tuple[int, int] | None:
    """Device and inode of the file that is at a path now; None if there is none."""
    try:
        info = path.stat()
    except OSError:
        return None
    return info.st_dev, info.st_ino


def older(path: Path, opener: Opener = open_plainly) -> list[Found]:
    """The files beside a log that have the names of its older ones, the newest first."""
    with suppress(OSError):
        alike = [name for name in os.listdir(path.parent) if name.startswith(path.stem)]  # noqa: PTH208  (paths of ten thousand would cost ten times as much)
        times = [
            (one.stat().st_mtime_ns, one)
            for one in map(path.with_name, alike)
            if is_older(one, path) and not one.is_symlink()
        ]
        newest = [one for _, one in sorted(times, reverse=True)[:MOST]]
        return [found for one in newest if (found := _looked_at(one, opener)) is not None]
    return []  # one of them is gone again, or the folder: the next look sees what there is


def is_older(one: Path, path: Path) -> bool:
    """Whether ``one`` is what a rotated file of the log ``path`` is called: by logrotate, or with
    the same in front of the log's suffix."""
    if one.parent != path.parent:
        return False
    end = re.escape(path.name) + _ROTATED.pattern
    middle = re.escape(path.stem) + _ROTATED.pattern + re.escape(path.suffix)
    return re.fullmatch(f"{end}|{middle}", one.name) is not None


def is_older_of_any(path: str, logs: Set[str]) -> bool:
    """Whether it is what a rotated file of one of many logs is called, all by their paths. What
    that log is called follows from the name: nobody has to look at each of them."""
    begin, end = path.rfind("/") + 1, path.rfind(".")
    for at in range(begin + 1, len(path)):
        if path[at] in "-._":
            for log in (path[:at], path[:at] + path[max(at, end) :]):
                if log in logs and log != path and is_older(Path(path), Path(log)):
                    return True
    return False


def _looked_at(path: Path, opener: Opener) -> Found | None:
    try:
        descriptor, found = open_log(path, opener)
    except NoFile:
        return None
    os.close(descriptor)
    return found
