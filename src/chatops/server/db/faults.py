"""What can be wrong with a database's file, said so that its owner can mend it."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from chatops.errors import Busy, ChatOpsError, Conflict, SetupError


def make_private(path: Path) -> None:
    """Make ``path`` an empty file of mode 0600 if it is not there; else make it private.

    SQLite gives the files beside it (-wal, -shm) the same mode.

    Raises:
        SetupError: it cannot be made or opened.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(handle, 0o600)
        finally:
            os.close(handle)
    except OSError as error:
        raise SetupError(
            f"the database {path} cannot be opened: {error.strerror}",
            hint="check the owner and permissions of the data folder, and that the disk has room",
        ) from error


def explain(path: Path, error: BaseException | None) -> ChatOpsError | None:
    """What a failure of SQLite's means for the user; None for a fault of ours."""
    if not isinstance(error, sqlite3.Error):
        return None
    code = getattr(error, "sqlite_errorcode", 0)
    match code:
        case sqlite3.SQLITE_CONSTRAINT_UNIQUE | sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
            return Conflict("something of that name or id is already there")
        case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            return Conflict("what this belongs to was removed meanwhile")
    match code & 0xFF:  # the high bits tell sub-cases apart
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Busy(f"another process has {path.name} locked")
        case sqlite3.SQLITE_FULL:
            return Busy(
                f"the disk is full: nothing more can be written to {path.name}",
                hint=f"make room on the file system of {path.parent}; nothing stored is lost",
            )
        case sqlite3.SQLITE_IOERR | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_READONLY:
            return Busy(
                f"the disk failed while {path.name} was used: {error}",
                hint=f"check the file system of {path.parent} and the kernel's log",
            )
    return None
