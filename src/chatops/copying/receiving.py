"""Writes the records of a copy: each file beside its place, and then into it.

A file is written under a name of its own, with rights for its owner alone, and is renamed when it
is whole and its SHA-256 is right: until then what was there is untouched. Everything is done
relative to open folders and never through a link, whatever the other end says. What was received
stays when the connection is lost, so that only the rest has to be sent.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from chatops.copying.counting import Moved
from chatops.copying.naming import in_words, is_name, readable, stays_inside
from chatops.copying.parts import Part, open_part, part_name
from chatops.copying.sending import HOLE, hash_zeros, note
from chatops.errors import Conflict, ProtocolError
from chatops.protocol.copies import CopyPlace, CopyReport, Entry, Skipped
from chatops.protocol.limits import MiB
from chatops.protocol.pack import Data, Kind, PackReader, Record

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_SYNCED: Final = 1 * MiB
"""From this size on a file in a folder is on the disk before it takes its place, as a single one
and one that takes another's place always is."""


@dataclass(slots=True)
class _Folder:
    """A folder that is being filled; rights and time are set when nothing more comes into it."""

    names: list[bytes]
    descriptor: int
    entry: Entry | None


class Receiver:
    """Writes to ``name`` in the open ``folder``, which it closes in the end. What is not whole is
    called after ``part``, which no other copy has. ``where`` is said of it in errors. It ends with
    ``abandon``, or when the copy is whole."""

    def __init__(self, part: str, folder: int, name: bytes, where: str) -> None:
        self._part_name = part_name(part)
        self._name = name
        self._where = where
        self._reader = PackReader()
        self._folders = [_Folder([], folder, None)]
        self._part: Part | None = None
        self._after: list[bytes] | None = None
        self._resumed = False
        self.report = CopyReport()
        self.moved = Moved()
        self.whole = False
        """All of it is there."""
        self.takes_folders = True
        """Whether it may be more than a file."""
        self.on_end: Callable[[], object] = lambda: None
        """Called once, when nothing is left that is not whole."""
        self.on_old_folder: Callable[[int], object] = lambda folder: None
        """Called with each open folder that was there before and is written into."""
        self.denied = 0
        """Rights that nothing gets, whatever the other end says."""
        self.go_on: Callable[[], object] = lambda: None
        """Called again and again while a hole is hashed, which takes no bytes from the other end
        and may be of any size; it raises when nobody waits for that any more."""

    @property
    def place(self) -> CopyPlace:
        """How far it is, for who sends the rest."""
        if self._part is None:
            return CopyPlace(after=self._after)
        entry = self._part.entry
        return CopyPlace(self._after, entry.names, entry.size, entry.mtime, self._part.have)

    @property
    def open_files(self) -> int:
        """How many descriptors it holds."""
        return len(self._folders) + (self._part is not None)

    def resume(self) -> None:
        """What comes next stands behind ``place``."""
        self._reader = PackReader()
        self._resumed = True

    def feed(self, data: bytes) -> None:
        """Bytes of the records came.

        Raises:
            ProtocolError: they are none, or not in their order.
            Conflict: a file is not what was sent.
            ChatOpsError: the system refuses to write it.
        """
        for record in self._reader.feed(data):
            if self.whole:
                raise ProtocolError("a copy went on behind its end")
            self._take(record)

    def abandon(self) -> None:
        """Nothing more comes: of the file that is not whole nothing is left."""
        if self._part is not None:
            part, self._part = self._part, None
            os.close(part.descriptor)
            with suppress(OSError):
                os.unlink(self._part_name, dir_fd=part.folder)
        while self._folders:
            os.close(self._folders.pop().descriptor)
        on_end, self.on_end = self.on_end, lambda: None
        on_end()

    # -- records ----------------------------------------------------------------------------

    def _take(self, record: Record) -> None:
        value = record.value
        if isinstance(value, Entry):
            self._enter(value)
        elif isinstance(value, Data):
            self._write(value)
        elif isinstance(value, Skipped):
            self._skip(record.kind, value)
        elif record.kind is Kind.FILE_END:
            self._finish(value)
        else:
            self._end()

    def _enter(self, entry: Entry) -> None:
        if self._part is not None and not _continues(entry, self._part):
            self._let_go()
        if not all(map(is_name, entry.names)):
            raise ProtocolError("a copy has a name that leads elsewhere")
        if entry.kind == "folder" and not self.takes_folders:
            raise Conflict(f"{self._where}: a folder came, and a file was asked for")
        try:
            folder, name = self._folder_of(entry.names)
            if entry.kind == "folder":
                self._make_folder(entry, folder, name)
            elif entry.kind == "link":
                self._make_link(entry, folder, name)
            else:
                self._begin(entry, folder, name)
        except OSError as error:
            raise in_words(error, self._called(entry.names)) from None

    def _folder_of(self, names: list[bytes]) -> tuple[int, bytes]:
        """The open folder in which something is to be written, and its name there."""
        if not names:
            if len(self._folders) > 1 or self._after is not None:
                raise ProtocolError("a copy begins twice")
            return self._folders[0].descriptor, self._name
        while len(self._folders) > 1 and self._folders[-1].names != names[:-1]:
            self._leave()
        if len(self._folders) == 1 or self._folders[-1].names != names[:-1]:
            raise ProtocolError("a copy has something in a folder that it has not")
        return self._folders[-1].descriptor, names[-1]

    def _leave(self) -> None:
        last = self._folders.pop()
        try:
            if last.entry is not None:
                os.fchmod(last.descriptor, last.entry.mode & ~self.denied)
                os.utime(last.descriptor, ns=(last.entry.mtime, last.entry.mtime))
        except OSError as error:
            raise in_words(error, self._called(last.names)) from None
        finally:
            os.close(last.descriptor)

    def _make_folder(self, entry: Entry, folder: int, name: bytes) -> None:
        fresh = True
        try:
            os.mkdir(name, 0o700, dir_fd=folder)
        except FileExistsError:
            fresh = False
        try:
            descriptor = os.open(name, _FOLDER, dir_fd=folder)
        except NotADirectoryError:
            raise OSError(errno.ENOTDIR, "it is there, and is no folder") from None
        self._folders.append(_Folder(entry.names, descriptor, entry if fresh else None))
        if not fresh:
            self.on_old_folder(descriptor)
        self._after = entry.names

    def _make_link(self, entry: Entry, folder: int, name: bytes) -> None:
        if not entry.names or not stays_inside(len(entry.names) - 1, entry.target):
            raise ProtocolError("a copy has a link that leads out of it")
        with suppress(FileNotFoundError):
            os.unlink(self._part_name, dir_fd=folder)
        _check_room_for(folder, name)
        os.symlink(entry.target, self._part_name, dir_fd=folder)
        try:
            times = entry.mtime, entry.mtime
            os.utime(self._part_name, ns=times, dir_fd=folder, follow_symlinks=False)
            os.replace(self._part_name, name, src_dir_fd=folder, dst_dir_fd=folder)
        except OSError:
            with suppress(OSError):
                os.unlink(self._part_name, dir_fd=folder)
            raise
        self._after = entry.names

    def _begin(self, entry: Entry, folder: int, name: bytes) -> None:
        if self._part is not None:
            return
        if entry.start:
            raise ProtocolError("a copy goes on elsewhere than it was cut")
        _check_room_for(folder, name)
        descriptor = open_part(folder, self._part_name)
        self._part = Part(entry, folder, name, descriptor)

    def _write(self, data: Data) -> None:
        part = self._begun()
        if data.offset < part.have or data.offset + len(data.data) > part.entry.size:
            raise ProtocolError("bytes of a copied file stand where none belong")
        self._hash_hole(part, data.offset)
        try:
            part.write(data)
        except OSError as error:
            raise in_words(error, self._called(part.entry.names)) from None
        self.moved.bytes += len(data.data)
        self.report.sent += len(data.data)

    def _finish(self, digest: bytes | object) -> None:
        part = self._begun()
        self._hash_hole(part, part.entry.size)
        if part.digest.digest() != digest:
            raise Conflict(
                f"{self._called(part.entry.names)}: what came is not what was sent",
                hint="the old file is untouched: copy it again",
            )
        try:
            self._put_in_place(part)
        except OSError as error:
            raise in_words(error, self._called(part.entry.names)) from None
        self.report.files += 1
        self.moved.files += 1
        self.report.bytes += part.entry.size
        if not part.entry.names:
            self.report.sha256 = part.digest.hexdigest()
        self._after = part.entry.names

    def _put_in_place(self, part: Part) -> None:
        entry = part.entry
        os.ftruncate(part.descriptor, entry.size)
        os.fchmod(part.descriptor, entry.mode & ~self.denied)
        os.utime(part.descriptor, ns=(entry.mtime, entry.mtime))
        if not entry.names or entry.size >= _SYNCED or _is_there(part.folder, part.name):
            os.fsync(part.descriptor)
        os.replace(self._part_name, part.name, src_dir_fd=part.folder, dst_dir_fd=part.folder)
        self._part = None
        os.close(part.descriptor)

    def _skip(self, kind: Kind, skipped: Skipped) -> None:
        if kind is Kind.FILE_BROKEN:
            self._begun()
            self._drop()
        elif self._part is not None:
            self._let_go()
        note(self.report, skipped)
        self._after = skipped.names

    def _end(self) -> None:
        if self._part is not None:
            self._let_go()
        while len(self._folders) > 1:
            self._leave()
        self.whole = True
        self.abandon()

    # -- inside -----------------------------------------------------------------------------

    def _hash_hole(self, part: Part, end: int) -> None:
        while part.have < end:
            self.go_on()
            count = min(end - part.have, HOLE)
            hash_zeros(part.digest, count)
            part.have += count
            self.moved.bytes += count

    def _begun(self) -> Part:
        if self._part is None:
            raise ProtocolError("bytes of a copied file came before it began")
        return self._part

    def _let_go(self) -> None:
        """What was begun does not go on. That is right when it was cut meanwhile: then the other
        end has another file there now, or none."""
        if not self._resumed:
            raise ProtocolError("a copy left a file before its end")
        self._drop()

    def _drop(self) -> None:
        if self._part is not None:
            part, self._part = self._part, None
            os.close(part.descriptor)
            with suppress(OSError):
                os.unlink(self._part_name, dir_fd=part.folder)

    def _called(self, names: list[bytes]) -> str:
        return f"{self._where}/{readable(names)}" if names else self._where


def _continues(entry: Entry, part: Part) -> bool:
    old = part.entry
    same = (entry.kind, entry.names, entry.size) == (old.kind, old.names, old.size)
    return same and (entry.mtime, entry.start) == (old.mtime, part.have) and part.have > 0


def _is_there(folder: int, name: bytes) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True


def _check_room_for(folder: int, name: bytes) -> None:
    """
    Raises:
        OSError: what is at the place of a file is neither one nor a link.
    """
    try:
        mode = os.lstat(name, dir_fd=folder).st_mode
    except FileNotFoundError:
        return
    if not (stat.S_ISREG(mode) or stat.S_ISLNK(mode)):
        what = "it is a folder" if stat.S_ISDIR(mode) else "it is a device, pipe or socket"
        raise OSError(errno.EEXIST, what)
