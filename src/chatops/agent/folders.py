"""The folder that a command starts in: opened, looked at, and then entered as it was opened.

A name can be made to mean something else between look and use; an open folder cannot.
"""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

from chatops.agent import opener
from chatops.agent.account import Account


class FolderError(OSError):
    """A command cannot start in the folder that is its ``filename``."""


class OutsideFolders(FolderError):
    """The policy's ``folders`` do not hold it. ``filename`` is where it lies."""


def open_folder(folder: str, account: Account, allowed: tuple[str, ...] | None) -> int:
    """A handle of the folder, good for nothing but entering it.

    ``account`` must be able to enter it by this name. ``allowed`` are the folders in which it
    must lie, wherever symbolic links and ``..`` lead; None allows every one. It takes as long as
    a file system does that does not answer.

    Raises:
        OutsideFolders: it lies elsewhere.
        FolderError: there is no such folder for that user.
        ValueError: the name holds a zero byte.
    """
    try:
        handle = _open_as(account, folder) if account.switched else _open(folder)
    except OSError as error:
        raise FolderError(error.errno, error.strerror, folder) from None
    place = real_path(handle)
    if allowed is not None and not any(is_within(place, one) for one in allowed):
        os.close(handle)
        raise OutsideFolders(errno.EACCES, "it is in none of the folders", place)
    return handle


def path_of(handle: int) -> str:
    """A path by which a process that has the handle enters this folder and no other."""
    return f"/proc/self/fd/{handle}"


def real_path(handle: int) -> str:
    """Where an open folder lies, without symbolic links."""
    return str(Path(path_of(handle)).readlink())


def _open(folder: str) -> int:
    return os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _open_as(account: Account, folder: str) -> int:
    groups = ",".join(str(group) for group in account.groups)
    words = [str(account.uid), str(account.gid), groups, folder]
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            subprocess.run(
                [sys.executable, "-I", "-S", str(Path(opener.__file__)), *words],
                stdin=subprocess.DEVNULL, stdout=theirs.fileno(), stderr=subprocess.DEVNULL,
                env={}, cwd="/", check=False,
            )  # fmt: skip
        said, handles, *_ = socket.recv_fds(ours, 16, 1, socket.MSG_CMSG_CLOEXEC)
    if handles:
        return handles[0]
    number = int(said or errno.EIO)
    raise OSError(number, os.strerror(number), folder)


def is_within(place: str, folder: str) -> bool:
    """Whether what lies at ``place`` is the folder or in it, wherever that is."""
    return Path(place).is_relative_to(os.path.realpath(folder))
