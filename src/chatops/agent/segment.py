"""A segment of the spool: consecutive samples in one file, gone when all are acked.

What is held in memory of one is a bit for each sample. The samples themselves are read back
when it is their turn.
"""

from __future__ import annotations

import errno
import os
import re
from pathlib import Path
from typing import Final, Protocol

from chatops.agent.spool_lines import MOST, Closed, Contents, Opened, Settled, encode, span
from chatops.protocol.limits import MiB

LARGEST: Final = 8 * MiB
"""Bytes that are read of a segment; what lies behind is none of ours."""
_NAME: Final = re.compile(r"([0-9]{16})-([0-9a-f]{16})\.jsonl")


class Place(Protocol):
    """Where a segment's bytes are."""

    def append(self, data: bytes) -> None:
        """Add bytes: all, or none and an OSError."""

    def read(self) -> bytes:
        """All bytes.

        Raises:
            OSError: they cannot be had.
        """

    def remove(self) -> None:
        """Forget them, if that can be done."""


class InMemory:
    """While the disk takes nothing."""

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytearray(data)

    def append(self, data: bytes) -> None:
        self._data += data

    def read(self) -> bytes:
        return bytes(self._data)

    def remove(self) -> None:
        self._data.clear()


class OnDisk:
    """A file, opened for each change: there are few, and the kernel has them at once."""

    def __init__(self, path: str) -> None:
        self.path: Final = path

    @classmethod
    def create(cls, path: str, data: bytes) -> OnDisk:
        """A new file, with ``data`` or not at all.

        Raises:
            OSError: it is there, or there is no room.
        """
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        made = cls(path)
        try:
            made.append(data)
        except OSError:
            made.remove()
            raise
        return made

    def append(self, data: bytes) -> None:
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            written = os.write(handle, data)
            if written != len(data):
                os.ftruncate(handle, os.fstat(handle).st_size - written)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        finally:
            os.close(handle)

    def read(self) -> bytes:
        handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb", buffering=0) as file:
            return file.read(LARGEST) or b""

    def remove(self) -> None:
        try:
            Path(self.path).unlink(missing_ok=True)
        except OSError:  # a disk that is read-only: it is found again, and is nobody's
            return

    def sync(self) -> None:
        """Bring it to the disk.

        Raises:
            OSError: that failed.
        """
        handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def cut(self, size: int) -> None:
        """Take away what lies behind ``size`` bytes, a line that was not finished.

        Raises:
            OSError: that failed.
        """
        os.truncate(self.path, size)


class Segment:
    """The samples from ``first`` to before ``end``, all of one epoch and run of the machine.

    ``size`` is that of what is in ``place``, in bytes.
    """

    def __init__(self, place: Place, epoch: str, first: int, opened: Opened, size: int) -> None:
        self.place = place
        self.epoch: Final = epoch
        self.first: Final = first
        self.end = first
        self.opened: Final = opened
        self.size = size
        self._held = 0

    def __len__(self) -> int:
        return self._held.bit_count()

    @property
    def unacked(self) -> int:
        """About how many bytes those that wait here take: their part of all that were taken."""
        return self.size * len(self) // max(self.end - self.first, 1)

    @property
    def full(self) -> bool:
        """Whether there are no more numbers."""
        return self.end - self.first >= MOST

    def add(self, line: bytes) -> int:
        """Write the line of the next number.

        Raises:
            OSError: there is no room; the number is not taken.
        """
        self.place.append(line)
        self.size += len(line)
        self._held |= 1 << (self.end - self.first)
        self.end += 1
        return self.end - 1

    def load(self, contents: Contents, end: int) -> None:
        """Take what was found in the file; the numbers to before ``end`` are this segment's."""
        self.end = end
        self._held = 0 if end == self.first else span(0, end - self.first - 1)
        self._held &= ~contents.settled

    def holds(self, number: int) -> bool:
        """Whether a sample waits here."""
        return self.first <= number < self.end and bool(self._held >> (number - self.first) & 1)

    def next_held(self, number: int) -> int | None:
        """The first sample from ``number`` on that waits here."""
        number = max(number, self.first)
        rest = self._held >> (number - self.first)
        return number + (rest & -rest).bit_length() - 1 if rest else None

    @property
    def newest(self) -> int | None:
        """The last sample that waits here."""
        return self.first + self._held.bit_length() - 1 if self._held else None

    def lost(self, contents: Contents) -> int:
        """The samples that should wait here and cannot be read, as a bit mask."""
        there = sum(1 << (number - self.first) for number in contents.samples)
        return self._held & ~there

    def forget(self, first: int, last: int) -> None:
        """Nobody waits for these numbers, as far as they are this segment's."""
        first, last = max(first, self.first), min(last, self.end - 1)
        if first <= last:
            self._held &= ~span(first - self.first, last - self.first)

    def settle(self, first: int, last: int) -> None:
        """Forget numbers for good. When that cannot be written, the next agent sends them again,
        which does no harm."""
        self.forget(first, last)
        line = encode(Settled(first, last))
        try:
            self.place.append(line)
        except OSError:
            return
        self.size += len(line)

    def close(self) -> None:
        """The agent ends in order.

        Raises:
            OSError: that cannot be written.
        """
        self.place.append(encode(Closed()))


def name_of(epoch: str, first: int) -> str:
    """The name of a segment's file; names sort as numbers do."""
    return f"{first:016d}-{epoch}.jsonl"


def parts_of(name: str) -> tuple[int, str] | None:
    """The first number and the epoch that a file's name tells; None if it is no segment's."""
    match = _NAME.fullmatch(name)
    return (int(match[1]), match[2]) if match else None
