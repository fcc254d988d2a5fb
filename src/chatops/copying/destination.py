"""Where a copy is written: as ``cp`` has it, into a folder that is there, else under a new name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from typing import NamedTuple

from chatops.copying.naming import base_name, is_name, readable_path
from chatops.errors import ChatOpsError, InvalidInput

Hold = Callable[[bytes], int]
"""Opens a folder by its path, if one may write there; else it raises a ChatOpsError."""


class Destination(NamedTuple):
    """An open ``folder`` and a ``name`` in it."""

    folder: int
    name: bytes
    path: bytes


def settle(path: bytes, source_name: bytes, hold: Hold) -> Destination:
    """Where what is called ``source_name`` is written by a copy to ``path``.

    Raises:
        InvalidInput: it would have no name there.
        ChatOpsError: as ``hold`` says.
    """
    parent, name = os.path.split(path)
    if not is_name(name):  # it ends in a slash, or in dots
        return _inside(hold(path), path, source_name)
    try:
        folder = hold(parent or b".")
    except ChatOpsError as error:
        return _inside(_held_itself(path, hold, error), path, source_name)
    try:
        is_folder = stat.S_ISDIR(os.stat(name, dir_fd=folder).st_mode)
    except OSError:
        is_folder = False
    if not is_folder:
        return Destination(folder, name, path)
    os.close(folder)
    return _inside(hold(path), path, source_name)


def _held_itself(path: bytes, hold: Hold, refused: ChatOpsError) -> int:
    """One may write in a folder that is there, and not beside it."""
    try:
        return hold(path)
    except ChatOpsError:
        raise refused from None


def _inside(folder: int, path: bytes, source_name: bytes) -> Destination:
    name = base_name(source_name) if source_name else b""
    if not name:
        os.close(folder)
        raise InvalidInput(
            f"what is copied has no name of its own to have in {readable_path(path)}",
            hint="name the destination in full",
        )
    return Destination(folder, name, b"%b/%b" % (path.rstrip(b"/"), name))
