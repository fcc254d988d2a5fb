"""The file that a copy is written to before it takes its place, and those that nobody writes any
more.

Who writes one holds a lock on it, which goes with its process however that ends. So what a killed
command left beside its destination can be told from what another one is at, and goes with the next
copy to that folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from chatops.protocol.copies import Entry
from chatops.protocol.limits import MiB
from chatops.protocol.pack import Data

_FRESH: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LISTED: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LEFT: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_PART: Final = re.compile(r"\.chatops-[0-9a-f]{32}\.part")
_PUSHED: Final = 8 * MiB
"""Bytes of a file that are pushed to the disk together while more come."""


@dataclass(slots=True)
class Part:
    """A file that is not whole yet."""

    entry: Entry
    folder: int
    name: bytes
    """What it will be called."""
    descriptor: int
    have: int = 0
    pushed: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def write(self, data: Data) -> None:
        """Add bytes that stand behind what is there.

        Raises:
            OSError: the system refuses.
        """
        rest, offset = data.data, data.offset
        while rest:
            written = os.pwrite(self.descriptor, rest, offset)
            rest, offset = rest[written:], offset + written
        self.digest.update(data.data)
        self.have = offset
        if self.have - self.pushed >= _PUSHED:
            self._push()

    def _push(self) -> None:
        """Have the system begin to write it to the disk, and forget what is there: the sync at the
        end has little to wait for then, and nobody else's files are driven out of memory."""
        with suppress(OSError):  # it is advice
            os.posix_fadvise(
                self.descriptor, self.pushed, self.have - self.pushed, os.POSIX_FADV_DONTNEED
            )
        self.pushed = self.have


def part_name(part: str) -> bytes:
    """What a file is called while it is not whole."""
    return f".chatops-{part}.part".encode()


def open_part(folder: int, name: bytes) -> int:
    """A new file in an open folder, locked, with rights for its owner alone.

    Raises:
        OSError: it cannot be made.
    """
    while True:
        descriptor = os.open(name, _FRESH, 0o600, dir_fd=folder)
        with suppress(OSError):  # not every file system has locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # it was taken for left behind before it was locked


def clear_parts(folder: int) -> None:
    """Remove what killed programs left behind in an open folder: plain files of this user that are
    called like a part, and that nobody writes."""
    with suppress(OSError):
        handle = os.open(b".", _LISTED, dir_fd=folder)
        try:
            with os.scandir(handle) as listed:
                left = [one.name for one in listed if _PART.fullmatch(one.name)]
            for name in left:
                _clear(handle, name)
        finally:
            os.close(handle)


def _clear(folder: int, name: str) -> None:
    with suppress(OSError):
        descriptor = os.open(name, _LEFT, dir_fd=folder)
        try:
            found = os.fstat(descriptor)
            if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.path.samestat(found, os.lstat(name, dir_fd=folder)):
                    os.unlink(name, dir_fd=folder)
        finally:
            os.close(descriptor)
