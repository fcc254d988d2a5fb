"""Reads a file or a folder as the records of a copy.

Everything is opened relative to its open folder and never through a link, so what is read lies
where it was asked for, whatever is renamed meanwhile. Links in a folder are sent as links, if they
lead to somewhere in it; devices, sockets and pipes are skipped, and that is said.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shlex
import stat
from collections.abc import Callable, Iterator
from typing import Final, Literal

from chatops.copying.counting import Moved, size_below
from chatops.copying.naming import in_words, readable, stays_inside
from chatops.errors import InvalidInput
from chatops.protocol.copies import (
    MAX_SKIPPED,
    MAX_SKIPPED_NAMES,
    CopyPlace,
    CopyReport,
    Entry,
    Skipped,
)
from chatops.protocol.limits import MAX_COPY_DATA, MAX_COPY_DEPTH, KiB, MiB
from chatops.protocol.pack import (
    DATA_HEAD,
    Kind,
    pack_data,
    pack_end,
    pack_entry,
    pack_file_end,
    pack_skipped,
)

BLOCK: Final = MAX_COPY_DATA - DATA_HEAD
"""Bytes of a file in one record: with its head they fit into one frame."""
_ZEROS: Final = bytes(256 * KiB)
HOLE: Final = 64 * MiB
"""Bytes of a hole that are hashed before somebody is asked whether to go on."""
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_NO_SIZE: Final = "has no size, like the files of /proc"
_GONE_PAST: Final = errno.ENXIO
Names = tuple[bytes, ...]


def hash_zeros(digest: hashlib._Hash, count: int) -> None:
    """Add a hole to what is hashed."""
    while count > 0:
        digest.update(_ZEROS[:count] if count < len(_ZEROS) else _ZEROS)
        count -= len(_ZEROS)


class Source:
    """What lies at an open ``descriptor``, a file or a folder, which ``close`` lets go. ``reader``
    is what prints such a file where its copy goes to.

    Raises:
        InvalidInput: it is neither, or a folder and not ``recursive``, or a file of no size that
            has something in it all the same.
    """

    def __init__(
        self, descriptor: int, where: str, *, recursive: bool, reader: str = "cat"
    ) -> None:
        self._descriptor = descriptor
        self._where = where
        self.report = CopyReport()
        """What was read so far; whole when there are no more records."""
        self.moved = Moved()
        self.go_on: Callable[[], object] = lambda: None
        """Called again and again while what is read is not sent, as holes are, and what the other
        end has; it raises when nobody waits for that any more."""
        self._found = found = os.fstat(descriptor)
        self.is_folder = stat.S_ISDIR(found.st_mode)
        if self.is_folder and not recursive:
            hint = "-r copies folders with what is in them"
            raise InvalidInput(f"{where} is a folder", hint=hint)
        if not self.is_folder and not stat.S_ISREG(found.st_mode):
            raise InvalidInput(f"{where} is neither a file nor a folder")
        if not self.is_folder and _has_no_size(descriptor, found):
            hint = f"`{reader} {shlex.quote(where)} > FILE` makes one that has"
            raise InvalidInput(f"{where} {_NO_SIZE}", hint=hint)
        self.size = None if self.is_folder else found.st_size

    def close(self) -> None:
        """Let it go."""
        os.close(self._descriptor)

    def total(self) -> int | None:
        """Bytes of the file, or of all files in the folder; None: those are not counted soon."""
        return size_below(self._descriptor) if self.is_folder else self.size

    def chunks(self, place: CopyPlace | None = None) -> Iterator[bytes]:
        """The records, from a ``place`` on that its receiver named, in portions of a frame.

        Raises:
            ChatOpsError: what was asked for cannot be read.
        """
        self.report = CopyReport()
        place = place or CopyPlace()
        held, size = list[bytes](), 0
        for record in self._records(place):
            if size + len(record) > MAX_COPY_DATA:
                yield b"".join(held)
                held, size = [], 0
            held.append(record)
            size += len(record)
        yield b"".join(held)

    def _records(self, place: CopyPlace) -> Iterator[bytes]:
        done = None if place.after is None else tuple(place.after)
        if self.is_folder:
            if done is None:
                yield pack_entry(_entry((), "folder", self._found))
            yield from self._folder(self._descriptor, (), place, done)
        elif done is None:
            yield from self._file(self._descriptor, (), place)
        yield pack_end()

    def _folder(
        self, folder: int, names: Names, place: CopyPlace, done: Names | None
    ) -> Iterator[bytes]:
        """What is in a folder, in the order of its names."""
        try:
            with os.scandir(folder) as found:
                listed = sorted(os.fsencode(one.name) for one in found)
        except OSError as error:
            yield self._skip(names, in_words(error, readable(names)).message, failed=True)
            return
        for name in listed:
            inner = (*names, name)
            self.go_on()
            if done is not None and inner < done[: len(inner)]:
                continue
            yield from self._child(folder, name, inner, place, done)

    def _child(
        self, folder: int, name: bytes, names: Names, place: CopyPlace, done: Names | None
    ) -> Iterator[bytes]:
        is_done = done is not None and names <= done
        try:
            found = os.lstat(name, dir_fd=folder)
            if stat.S_ISDIR(found.st_mode):
                yield from self._inner(folder, name, names, place, done)
            elif is_done:
                return
            elif stat.S_ISLNK(found.st_mode):
                yield self._link(folder, name, names, found)
            elif stat.S_ISREG(found.st_mode):
                yield from self._opened(folder, name, names, place)
            else:
                yield self._skip(names, "it is no file, folder or link")
        except OSError as error:
            yield self._skip(names, (error.strerror or "it cannot be read").lower(), failed=True)

    def _inner(
        self, folder: int, name: bytes, names: Names, place: CopyPlace, done: Names | None
    ) -> Iterator[bytes]:
        if len(names) >= MAX_COPY_DEPTH:
            yield self._skip(names, f"it is more than {MAX_COPY_DEPTH} folders deep", failed=True)
            return
        descriptor = os.open(name, _OPEN | os.O_DIRECTORY, dir_fd=folder)
        try:
            if done is None or names > done:
                yield pack_entry(_entry(names, "folder", os.fstat(descriptor)))
            yield from self._folder(descriptor, names, place, done)
        finally:
            os.close(descriptor)

    def _link(self, folder: int, name: bytes, names: Names, found: os.stat_result) -> bytes:
        target = os.fsencode(os.readlink(name, dir_fd=folder))
        if not stays_inside(len(names) - 1, target):
            return self._skip(names, "it is a link that leads out of what is copied")
        return pack_entry(_entry(names, "link", found, target=target))

    def _opened(self, folder: int, name: bytes, names: Names, place: CopyPlace) -> Iterator[bytes]:
        descriptor = os.open(name, _OPEN, dir_fd=folder)
        try:
            yield from self._file(descriptor, names, place)
        finally:
            os.close(descriptor)

    def _file(self, descriptor: int, names: Names, place: CopyPlace) -> Iterator[bytes]:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            yield self._skip(names, "it is no file any more", failed=True)
            return
        if _has_no_size(descriptor, found):
            yield self._skip(names, f"it {_NO_SIZE}")
            return
        size, start = found.st_size, _start(place, names, found)
        yield pack_entry(_entry(names, "file", found, size=size, start=start))
        digest = hashlib.sha256()
        read = 0
        try:
            for offset, data in _blocks(descriptor, size, sparse=found.st_blocks * 512 < size):
                self._hash_hole(digest, offset - read, max(start - read, 0))
                digest.update(data)
                read = offset + len(data)
                if read > start:
                    fresh = data[max(start - offset, 0) :]
                    self.moved.bytes += len(fresh)
                    self.report.sent += len(fresh)
                    yield pack_data(read - len(fresh), fresh)
        except OSError as error:
            yield self._skip(
                names, (error.strerror or "it cannot be read").lower(), failed=True, begun=True
            )
            return
        if os.fstat(descriptor).st_size < size:
            why = "it became shorter while it was read"
            yield self._skip(names, why, failed=True, begun=True)
            return
        self._hash_hole(digest, size - read, max(start - read, 0))
        self.report.files += 1
        self.moved.files += 1
        self.report.bytes += size
        if not self.is_folder:
            self.report.sha256 = digest.hexdigest()
        yield pack_file_end(digest.digest())

    def _hash_hole(self, digest: hashlib._Hash, count: int, known: int) -> None:
        """``known`` bytes of it, or more, were copied before."""
        self.go_on()
        while count > 0:
            portion = min(count, HOLE)
            hash_zeros(digest, portion)
            self.moved.bytes += max(portion - known, 0)
            count, known = count - portion, max(known - portion, 0)
            self.go_on()

    def _skip(
        self, names: Names, reason: str, *, failed: bool = False, begun: bool = False
    ) -> bytes:
        skipped = Skipped(list(names), reason[:200], failed)
        note(self.report, skipped)
        kind: Literal[Kind.FILE_BROKEN, Kind.SKIPPED] = Kind.FILE_BROKEN if begun else Kind.SKIPPED
        return pack_skipped(kind, skipped)


def note(report: CopyReport, skipped: Skipped) -> None:
    """Add what is skipped to a report."""
    report.failed += skipped.failed
    if len(report.skipped) < MAX_SKIPPED and _names_of(report) < MAX_SKIPPED_NAMES:
        report.skipped.append(skipped)
    else:
        report.more_skipped += 1


def _names_of(report: CopyReport) -> int:
    return sum(len(name) for one in report.skipped for name in one.names)


def _has_no_size(descriptor: int, found: os.stat_result) -> bool:
    """Whether there is more in a file than the nothing that its size says: files that a kernel
    makes up when they are read are so."""
    if found.st_size:
        return False
    try:
        return bool(os.pread(descriptor, 1, 0))
    except OSError:  # what has nothing in it could be read
        return True


def _entry(
    names: Names,
    kind: Literal["file", "folder", "link"],
    found: os.stat_result,
    *,
    size: int = 0,
    start: int = 0,
    target: bytes = b"",
) -> Entry:
    mode = stat.S_IMODE(found.st_mode) & 0o777
    return Entry(list(names), kind, mode, found.st_mtime_ns, size, start, target)


def _start(place: CopyPlace, names: Names, found: os.stat_result) -> int:
    """How much of a file its receiver has: nothing if it is another one by now."""
    if place.names is None or tuple(place.names) != names:
        return 0
    same = (place.size, place.mtime) == (found.st_size, found.st_mtime_ns)
    return min(place.have, place.size) if same else 0


def _blocks(descriptor: int, size: int, *, sparse: bool) -> Iterator[tuple[int, bytes]]:
    """The bytes of a file and where they stand; holes are left out."""
    at = 0
    while at < size:
        end = size
        if sparse:
            try:
                at = os.lseek(descriptor, at, os.SEEK_DATA)
            except OSError as error:
                if error.errno == _GONE_PAST:  # there is nothing but a hole
                    return
                raise
            end = min(os.lseek(descriptor, at, os.SEEK_HOLE), size)
        while at < end:
            data = os.pread(descriptor, min(BLOCK, end - at), at)
            if not data:
                raise OSError(0, "there is less in it than its size says")
            yield at, data
            at += len(data)
