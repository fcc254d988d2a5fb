"""One hub a data folder."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Self

from chatops.errors import SetupError


class FolderLock:
    """Holds a data folder for this process. The kernel lets go of it when the process dies."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hub.lock"
        self._handle: int | None = None

    def __enter__(self) -> Self:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            pid = os.read(handle, 32).decode(errors="replace").strip() or "unknown"
            os.close(handle)
            raise SetupError(
                f"another hub (process {pid}) runs on {self._path.parent}",
                hint="stop it first, or name another folder with --data-dir",
            ) from None
        os.ftruncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())
        self._handle = handle
        return self

    def __exit__(self, *_: object) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
