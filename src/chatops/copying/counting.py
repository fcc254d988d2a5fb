"""How much is to be copied, where that can be had soon, and how much of it is."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from chatops.protocol.limits import MAX_COPY_DEPTH

COUNTING: Final = 0.5
"""Seconds for which files are counted before their copy begins."""
_INNER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True)
class Moved:
    """What one end of a copy has behind it: bytes of files, holes too, and whole files. What the
    other end had before is not counted."""

    bytes: int = 0
    files: int = 0


def size_below(folder: int, seconds: float = COUNTING) -> int | None:
    """Bytes of all files in an open folder; None: they are too many to be counted in that time."""
    total, until = 0, time.monotonic() + seconds
    for size in _sizes(folder, 0):
        total += size
        if time.monotonic() > until:
            return None
    return total


def _sizes(folder: int, depth: int) -> Iterator[int]:
    """Those of the files, and 0 for each thing that is none; what cannot be seen has none."""
    try:
        with os.scandir(folder) as listed:
            for one in listed:
                if one.is_dir(follow_symlinks=False):
                    yield from _below(folder, one.name, depth + 1)
                elif one.is_file(follow_symlinks=False):
                    yield one.stat(follow_symlinks=False).st_size
                yield 0
    except OSError:
        return


def _below(folder: int, name: str, depth: int) -> Iterator[int]:
    if depth > MAX_COPY_DEPTH:
        return
    try:
        inner = os.open(name, _INNER, dir_fd=folder)
    except OSError:
        return
    try:
        yield from _sizes(inner, depth)
    finally:
        os.close(inner)
