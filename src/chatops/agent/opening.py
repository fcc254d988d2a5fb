"""Opens files and folders that the hub names: inside the policy's folders, wherever names lead.

A name can be made to mean something else between look and use, an open file cannot. So the file is
taken hold of first, without opening it: nothing happens to a device, and no pipe wakes its writer.
Then it is looked at, what it is and where it lies past symbolic links and ``..``, and only then is
it opened, through the hold, by no name at all.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

from chatops.agent.folders import is_within, path_of, real_path

Code = Literal["not_allowed", "not_permitted", "not_found", "invalid", "conflict"]
_KINDS: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR)
_DENIED: Final = (errno.EACCES, errno.EPERM)
_READ: Final = "files.folders"


class OpeningError(OSError):
    """A file cannot be read, or may not. ``code`` is one of chatops.errors, ``reason`` says why
    without the file's name."""

    def __init__(self, code: Code, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.code = code
        self.reason = reason


def no_plain_file(mode: int) -> str:
    """What is there instead of a plain file, by its mode."""
    kind = next((text for fits, text in _KINDS if fits(mode)), "a device")
    return f"it is {kind}, and no plain file"


def open_file(
    path: Path, folders: tuple[str, ...] | None = None, *, or_folder: bool = False
) -> int:
    """A descriptor from which a plain file can be read, or a folder where that is right too.

    It lies in one of ``folders``; None allows every place. It takes as long as a file system does
    that does not answer.

    Raises:
        OpeningError: there is none, it is something else, or it may not be read.
    """
    handle = _hold(path, folders)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode) and not (or_folder and stat.S_ISDIR(mode)):
            raise OpeningError("invalid", no_plain_file(mode))
        return os.open(path_of(handle), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except OSError as error:
        raise _in_words(error) from None
    finally:
        os.close(handle)


def hold_folder(path: Path, folders: tuple[str, ...] | None, rule: str = _READ) -> int:
    """A handle of a folder, good for what is done relative to it; bounds are as of ``open_file``.
    ``rule`` is the key of the policy that names them.

    Raises:
        OpeningError: there is none, or nothing may be done there.
    """
    try:
        handle = _hold(path, folders, rule)
    except OpeningError as error:
        if error.code == "not_found" and isinstance(error.__context__, NotADirectoryError):
            raise OpeningError("conflict", "its path leads through a file") from None
        raise
    if stat.S_ISDIR(os.fstat(handle).st_mode):
        return handle
    os.close(handle)
    raise OpeningError("conflict", "it is no folder")


def _hold(path: Path, folders: tuple[str, ...] | None, rule: str = _READ) -> int:
    """A handle of what is there, good for nothing but looking at it."""
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError as error:
        if folders is not None:
            _check_way(path, folders, rule)
        raise _in_words(error) from None
    try:
        if folders is not None:
            _check_place(real_path(handle), folders, rule)
    except BaseException:
        os.close(handle)
        raise
    return handle


def _check_way(path: Path, folders: tuple[str, ...], rule: str) -> None:
    """Where nothing can be held, the folder in which the name ends must be inside: what lies
    outside is not to be learned from how the error reads."""
    for parent in path.parents:
        try:
            handle = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            _check_place(real_path(handle), folders, rule)
        finally:
            os.close(handle)
        return


def _check_place(place: str, folders: tuple[str, ...], rule: str) -> None:
    if not any(is_within(place, folder) for folder in folders):
        why = f"{rule} does not hold it" if folders else "it has units and no folders"
        raise OpeningError("not_allowed", f"the agent's policy does not allow this: {why}")


def _in_words(error: OSError) -> OpeningError:
    if isinstance(error, OpeningError):
        return error
    if error.errno in _MISSING:
        return OpeningError("not_found", "there is no such file")
    if error.errno in _DENIED:
        return OpeningError("not_permitted", "permission denied")
    return OpeningError("conflict", (error.strerror or "it cannot be opened").lower())
