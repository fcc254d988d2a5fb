"""Names and links in what is copied: what may be written, and how it is called in messages. Pure
but for the words of an error."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from typing import Final

from chatops.errors import ChatOpsError, Conflict, NotFound, NotPermitted
from chatops.text import escape

_DENIED: Final = (errno.EACCES, errno.EPERM)
_WRONG_KIND: Final = (errno.EEXIST, errno.EISDIR, errno.ENOTDIR)


def is_name(name: bytes) -> bool:
    """Whether it names something in a folder, and nothing elsewhere."""
    return name not in (b"", b".", b"..") and b"/" not in name and b"\0" not in name


def stays_inside(depth: int, target: bytes) -> bool:
    """Whether a link that lies ``depth`` folders deep leads to somewhere in what is copied.

    ``..`` counts only at the beginning, where it goes up real folders: behind a name, which may be
    another link, nobody can say where it leads.
    """
    if target.startswith(b"/") or b"\0" in target:
        return False
    parts = [part for part in target.split(b"/") if part not in (b"", b".")]
    up = 0
    while up < len(parts) and parts[up] == b"..":
        up += 1
    return bool(target) and up <= depth and b".." not in parts[up:]


def readable(names: Sequence[bytes]) -> str:
    """Where something lies, as text that is safe to show."""
    return escape(b"/".join(names).decode("utf-8", "surrogateescape"))


def readable_path(path: bytes) -> str:
    """The same of a whole path."""
    return readable([path])


def base_name(path: bytes) -> bytes:
    """What is copied is called so where it is put into a folder; b"" where it has no name."""
    name = os.path.normpath(path).rpartition(b"/")[2]
    return name if is_name(name) else b""


def in_words(error: OSError, where: str) -> ChatOpsError:
    """What the system refused, with the place it is about."""
    if error.errno == errno.ENOENT:
        return NotFound(f"{where}: there is no such file or folder")
    if error.errno == errno.ELOOP:
        return Conflict(f"{where}: it is a symbolic link, and is not followed")
    text = f"{where}: {(error.strerror or 'it cannot be used').lower()}"
    if error.errno in _WRONG_KIND:
        return Conflict(text)
    return NotPermitted(text) if error.errno in _DENIED else ChatOpsError(text)
