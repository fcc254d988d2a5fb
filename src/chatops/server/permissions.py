"""The data folder is its owner's alone, and so is every file in it; else the hub does not start.

What others could read may be known to them by now. So nothing is put right in silence: whoever
runs the hub is told, and decides.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from chatops.errors import SetupError
from chatops.paths import private_dir

OURS: Final = ("*.db", "*.db-*", "*.pem", "*.lock", "secrets.toml", "admin-password")
"""What the hub itself writes into its folder. What people put there, a configuration or a log,
is their own affair."""
_OTHERS: Final = 0o077


def open_folder(path: Path) -> Path:
    """The data folder, made if it is not there.

    Raises:
        SetupError: it cannot be used, is not the hub's alone, or a file of the hub's in it is not.
    """
    try:
        if path.is_dir() and path.stat().st_mode & _OTHERS and any(path.iterdir()):
            raise SetupError(
                f"the data folder {path} is open to others (mode {_mode(path.stat().st_mode)})",
                hint=f"find out who could use it, then: chmod 700 {path}",
            )
        private_dir(path)  # an empty one holds nothing that could be known
        loose = [one for one in _files(path) if _is_loose(one)]
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SetupError(
            f"the folder {path} cannot be used: {getattr(error, 'strerror', None) or error}",
            hint="check its owner and permissions, or name another with --data-dir",
        ) from error
    if loose:
        more = f" and {len(loose) - 1} more" if len(loose) > 1 else ""
        names = " ".join(str(one) for one in loose[:10])
        raise SetupError(
            f"{loose[0]}{more} may be read or written by others",
            hint=f"find out by whom, then: chown {_owner()} {names}; chmod 600 {names}"
            if any(_is_foreign(one) for one in loose)
            else f"find out by whom, then: chmod 600 {names}",
        )
    return path


def _files(folder: Path) -> Iterator[Path]:
    for pattern in OURS:
        yield from (one for one in sorted(folder.glob(pattern)) if one.is_file())


def _is_loose(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS) or _is_foreign(path)


def _is_foreign(path: Path) -> bool:
    return path.stat().st_uid not in (os.geteuid(), 0)


def _owner() -> str:
    return str(os.geteuid())


def _mode(mode: int) -> str:
    return f"{stat.S_IMODE(mode):04o}"
