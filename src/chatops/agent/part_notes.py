"""Which files of copies are not whole yet, on disk: what an agent that was killed leaves of them
goes when it starts again.

Each copy to this host is noted before its first file is made. What is done away with later is only
what such a note names: a plain file of the agent's own user, called ``.chatops-ID.part``, in the
folder that was written to, or below the one that was copied. None of them is come to through a
link, so nobody who may rename things there can have another file removed.
"""

from __future__ import annotations

import logging
import os
import secrets
import stat
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from chatops.agent.folders import real_path
from chatops.copying.naming import readable_path
from chatops.copying.parts import part_name
from chatops.paths import private_dir, sync_folder, write_private
from chatops.protocol.limits import MAX_COPY_DEPTH

_PLACE: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LISTED: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LAST: Final = 1.0
"""Seconds that clearing has to end when the agent stops; what is left is left for the next time."""
_log = logging.getLogger(__name__)


class _Note(msgspec.Struct):
    """A copy is written to ``name`` in ``folder``, a whole path without links."""

    folder: bytes
    name: bytes


class _Stopped(Exception):
    """The agent stops."""


class PartNotes:
    """One file a copy, named by the ID of its ``.chatops-ID.part``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stopped = False
        self._cleaner: threading.Thread | None = None

    def add(self, folder: int, name: bytes) -> str:
        """Note that something is copied to ``name`` in an open folder; the ID for its files.

        Raises:
            OSError, SetupError: that cannot be written down.
        """
        part = secrets.token_hex(16)
        note = _Note(os.fsencode(real_path(folder)), name)
        write_private(private_dir(self._folder) / part, msgspec.json.encode(note))
        sync_folder(self._folder)
        return part

    def remove(self, part: str) -> None:
        """The copy has ended, and took its file with it."""
        with suppress(OSError):
            (self._folder / part).unlink()

    def clear(self) -> None:
        """Do away with what copies left behind that were noted before now, in a thread: their
        folders may be large, or on a disk that does not answer."""
        with suppress(OSError):
            if left := list(self._folder.iterdir()):
                self._cleaner = threading.Thread(
                    target=self._clear, args=(left,), name="chatops-copy-leftovers", daemon=True
                )
                self._cleaner.start()

    def close(self) -> None:
        """The agent stops."""
        self._stopped = True
        if self._cleaner is not None:
            self._cleaner.join(_LAST)

    # -- in the thread --------------------------------------------------------------------------

    def _clear(self, left: list[Path]) -> None:
        for path in left:
            try:
                _clear_one(path, self._check)
                path.unlink(missing_ok=True)
            except OSError as error:  # next time
                _log.warning("what a copy left behind stays: %s", error.strerror)
            except _Stopped:
                return

    def _check(self) -> None:
        if self._stopped:
            raise _Stopped


def _clear_one(path: Path, go_on: Callable[[], None]) -> None:
    """
    Raises:
        OSError: it is there, and cannot be removed.
        _Stopped: ``go_on`` says so.
    """
    try:
        note = msgspec.json.decode(path.read_bytes(), type=_Note)
        folder = _open_way(note.folder)
    except (msgspec.DecodeError, OSError, ValueError):  # never whole, or there is nothing left
        return
    try:
        part = part_name(path.name)
        if _removed(folder, part) or _removed_below(folder, note.name, part, go_on):
            _log.info("removed what a copy to %s left behind", readable_path(note.folder))
    finally:
        os.close(folder)


def _open_way(path: bytes) -> int:
    """A folder by its whole path, in which no name is a link."""
    handle = os.open("/", _PLACE)
    for name in filter(None, path.split(b"/")):
        outer = handle
        try:
            handle = os.open(name, _PLACE, dir_fd=outer)
        finally:
            os.close(outer)
    return handle


def _removed(folder: int, part: bytes) -> bool:
    try:
        found = os.lstat(part, dir_fd=folder)
    except OSError:
        return False
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        return False
    os.unlink(part, dir_fd=folder)
    return True


def _removed_below(
    folder: int, name: bytes, part: bytes, go_on: Callable[[], None], depth: int = 0
) -> bool:
    """Whether it was in the folder of that name, or in one of those in it."""
    go_on()
    try:
        handle = os.open(name, _LISTED, dir_fd=folder)
    except OSError:
        return False
    try:
        if _removed(handle, part):
            return True
        if depth >= MAX_COPY_DEPTH:
            return False
        with os.scandir(handle) as listed:
            inner = [os.fsencode(one.name) for one in listed if one.is_dir(follow_symlinks=False)]
        return any(_removed_below(handle, one, part, go_on, depth + 1) for one in inner)
    finally:
        os.close(handle)
