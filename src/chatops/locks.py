"""One process a data folder."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Final, Self

from chatops.errors import Conflict

_PAUSE: Final = 0.02


class FolderLock:
    """Holds a data folder for this process. The kernel lets go of it when the process dies.

    ``what`` (hub, agent) names the holder. For ``patience`` seconds a lock that is taken is
    asked for again: a process that was killed may have left it to a child that is about to
    end.

    Raises:
        Conflict: on entering, when it stays taken.
        OSError: the file cannot be made or opened.
    """

    def __init__(self, folder: Path, what: str, patience: float = 0.0) -> None:
        self._path = folder / f"{what}.lock"
        self._what = what
        self._patience = patience
        self._handle: int | None = None

    def __enter__(self) -> Self:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not self._take(handle):
            pid = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise Conflict(
                f"another {self._what} (process {pid}) runs on {self._path.parent}",
                hint="stop it first, or name another folder with --data-dir",
            )
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def fileno(self) -> int:
        """The file that is locked; the lock lasts while any process has it open.

        Raises:
            ValueError: it is not held.
        """
        if self._handle is None:
            raise ValueError("the lock is not held")
        return self._handle

    def _take(self, handle: int) -> bool:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(_PAUSE)
            else:
                return True
