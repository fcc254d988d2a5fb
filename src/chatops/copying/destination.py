"""Where a copy is written: as ``cp`` has it, into a folder that is there, else under a new name."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from chatops.copying.naming import base_name, is_name, readable_path
from chatops.errors import ChatOpsError, Conflict, InvalidInput, from_code

_MOST_LINKS: Final = 40
"""Links that lead to one another, as many as Linux follows."""
Hold = Callable[[bytes], int]
"""Opens a folder by its path, if one may write there; else it raises a ChatOpsError, whose message
begins with that path."""


class Destination(NamedTuple):
    """An open ``folder`` and a ``name`` in it."""

    folder: int
    name: bytes
    path: bytes


def settle(path: bytes, source_name: bytes, hold: Hold) -> Destination:
    """Where what is called ``source_name`` is written by a copy to ``path``. A link there is
    followed: what it leads to is written, in a folder that ``hold`` opens like any other.

    Raises:
        InvalidInput: it would have no name there.
        Conflict: it is a link that leads to no place for a file.
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
        return _behind_links(Destination(folder, name, path), hold)
    os.close(folder)
    return _inside(hold(path), path, source_name)


def _behind_links(found: Destination, hold: Hold) -> Destination:
    """What a link leads to in the end, be it there or not; it is called as the link is."""
    place = found.path
    for _ in range(_MOST_LINKS):
        try:
            target = os.readlink(found.name, dir_fd=found.folder)
        except OSError:  # no link, or nothing
            return found
        in_proc = _is_in_proc(found)
        os.close(found.folder)
        if in_proc:
            raise _no_place(
                found.path, "it leads to what a program has open, and that is not replaced"
            )
        place = os.path.join(os.path.split(place)[0], target)  # noqa: PTH118  (bytes)
        parent, name = os.path.split(place)
        if not is_name(name):
            raise _no_place(found.path, "it is a link that leads to no file")
        found = Destination(_held_behind(found.path, parent or b".", hold), name, found.path)
    os.close(found.folder)
    raise _no_place(found.path, "it is a link that leads in a circle")


def _held_behind(path: bytes, parent: bytes, hold: Hold) -> int:
    """Where the link ``path`` leads is no business of who may not see it."""
    try:
        return hold(parent)
    except ChatOpsError as error:
        why = error.message.removeprefix(f"{readable_path(parent)}: ")
        text = f"{readable_path(path)}: where this link leads: {why}"
        raise from_code(error.code, text, hint=error.hint) from None


def _is_in_proc(found: Destination) -> bool:
    with suppress(OSError):
        return os.fstat(found.folder).st_dev == Path("/proc").stat().st_dev
    return False


def _no_place(path: bytes, why: str) -> Conflict:
    return Conflict(f"{readable_path(path)}: {why}", hint="name a file, or a place for one")


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
