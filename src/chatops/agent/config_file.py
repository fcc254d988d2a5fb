"""The agent's configuration file, read only if nobody else could have written it.

Whoever can write it decides what may run here, and as whom.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

from chatops import options
from chatops.errors import InvalidInput


def read_config(path: Path) -> dict[str, Any]:
    """The tables of the file.

    Raises:
        InvalidInput: it cannot be read or is no TOML.
        InvalidInput: somebody else can write it.
    """
    try:
        with path.open("rb") as file:
            _check(path, file)
            return options.parse_file(path, file.read())
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise options.unreadable(path, error) from error


def _check(path: Path, file: BinaryIO) -> None:
    folder = path.resolve().parent
    _check_one(f"the configuration file {path}", path, os.fstat(file.fileno()))
    _check_one(f"the folder {folder} of the configuration file", folder, folder.stat())


def _check_one(what: str, path: Path, info: os.stat_result) -> None:
    if info.st_uid not in (0, os.geteuid()):
        raise InvalidInput(
            f"{what} belongs to another user (uid {info.st_uid}), who could change the policy",
            hint=f"run: chown root {path}",
        )
    others = info.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    sticky = stat.S_ISDIR(info.st_mode) and info.st_mode & stat.S_ISVTX
    if others and not sticky:
        raise InvalidInput(
            f"others can write {what}, and so change the policy", hint=f"run: chmod go-w {path}"
        )
