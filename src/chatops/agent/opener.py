"""Opens a folder as another user, and gives the handle back through its standard output.

A process of its own (``python -I -S opener.py UID GID GROUP,... FOLDER``), because rights to
files belong to a whole process. It changes its user itself, after it was started: so nobody
but root can trace it, and what comes back is what that user can enter.
"""

from __future__ import annotations

import os
import socket
import sys


def become(uid: int, gid: int, groups: list[int]) -> None:
    """Give up all rights but those of a user, for good."""
    os.setgroups(groups)
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def answer(channel: socket.socket, folder: str) -> None:
    """Send the open folder, or the number of the error that there is none."""
    try:
        os.chdir(folder)
        handle = os.open(".", os.O_PATH | os.O_DIRECTORY)
    except OSError as error:
        channel.send(str(error.errno).encode())
    else:
        socket.send_fds(channel, [b"0"], [handle])


if __name__ == "__main__":
    user, group, others, name = sys.argv[1:]
    become(int(user), int(group), [int(one) for one in others.split(",") if one])
    answer(socket.socket(fileno=1), name)
