"""Starting a command without waiting for it.

Entering a folder or reading a program on a dead network file system can hang for ever, so
the start happens in a thread of its own, and a caller who has waited enough lets it go.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from itertools import chain
from typing import Final

from chatops.agent.account import Account
from chatops.agent.exec_policy import ExecPolicy
from chatops.agent.folders import FolderError, open_folder, path_of
from chatops.agent.guard import Guard
from chatops.agent.pipes import PipeReader
from chatops.agent.process import Process, reap, signal_session, vector_of

Took = Callable[[bytes], None]
Pipe = tuple[int, int]


class Launch:
    """One start, within the bounds of the policy: as its user, with its variables. ``env`` and
    ``folder`` are the hub's own, which the policy has let pass; where the folder leads is seen
    here. ``started`` becomes the process, or the error that there is none:

    OutsideFolders, FolderError: the policy, or the system, has it not start in that folder.
    OSError: not found, not executable, no room.
    ValueError: an argument, a variable or the folder's name holds a zero byte.

    Any other is a fault, and what had been started is dead.

    Raises:
        OSError: there is no room for the pipes, or for the thread.
    """

    def __init__(
        self,
        command: str | list[str],
        *,
        bounds: ExecPolicy,
        env: Mapping[str, str],
        folder: str | None,
        guard: Guard,
        stdout: Took,
        stderr: Took,
        stdin: bool = False,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._command = command
        self._bounds = bounds
        self._env = dict(env)
        self._folder = folder
        self._guard = guard
        self._took = (stdout, stderr)
        self._out, self._err, *given = _pipes(3 if stdin else 2)
        self._in = given[0] if given else None
        self._inode = os.fstat(self._out[1]).st_ino
        self.started: Final[asyncio.Future[Process]] = self._loop.create_future()
        guard.announce(self._inode)
        try:
            threading.Thread(target=self._work, name="chatops-launch", daemon=True).start()
        except RuntimeError as error:  # the system's processes, or this user's, are used up
            self._settle(None)
            self._close()
            raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN)) from error

    def let_go(self) -> None:
        """Nobody waits for it any more: what came of it, or still comes, is killed."""
        if not self.started.cancel() and self.started.exception() is None:
            self.started.result().release()

    def _work(self) -> None:
        try:
            done: subprocess.Popen[bytes] | Exception = self._popen_told()
        except Exception as error:  # noqa: BLE001  (whoever waits is told, whatever it is)
            done = error
        try:
            self._loop.call_soon_threadsafe(self._finish, done)
        except RuntimeError:  # the loop is closed: the watchdog knows of the start
            return

    def _popen_told(self) -> subprocess.Popen[bytes]:
        child = self._popen()
        self._guard.born(child.pid)
        return child

    def _popen(self) -> subprocess.Popen[bytes]:
        folder = self._bounds.folder(self._folder)
        if folder is None:
            return self._popen_in(self._bounds.home)
        handle = open_folder(folder, self._bounds.user, self._bounds.allowed_folders)
        try:
            return self._popen_in(path_of(handle))
        except OSError as error:
            if error.filename != path_of(handle):
                raise
            raise FolderError(error.errno, error.strerror, folder) from None
        finally:
            os.close(handle)

    def _popen_in(self, folder: str) -> subprocess.Popen[bytes]:
        user = self._bounds.user
        if user.switched:
            self._give_pipes(user)
        return self._guard.files.start(
            lambda: subprocess.Popen(
                self._words(),
                stdin=self._in[0] if self._in else subprocess.DEVNULL,
                stdout=self._out[1],
                stderr=self._err[1],
                env=self._variables(),
                cwd=folder,
                start_new_session=True,
                user=user.uid if user.switched else None,
                group=user.gid if user.switched else None,
                extra_groups=user.groups if user.switched else None,
            )
        )

    def _words(self) -> list[str]:
        return vector_of(self._command)

    def _variables(self) -> dict[str, str]:
        return self._bounds.environment(self._env)

    def _give_pipes(self, user: Account) -> None:
        """Let the user open its pipes again by name, as `echo > /dev/stderr` does."""
        for pipe in (self._in, self._out, self._err):
            if pipe is not None:
                os.fchown(pipe[0], user.uid, user.gid)

    def _finish(self, done: subprocess.Popen[bytes] | Exception) -> None:
        if isinstance(done, Exception):
            self._settle(None)
            self._fail(done)
            return
        self._settle(done.pid)
        try:
            process = self._process(done)
        except Exception as error:  # noqa: BLE001  (whoever waits is told, whatever it is)
            signal_session(done.pid, signal.SIGKILL)
            reap(done, self._guard)
            self._fail(error)
            return
        if self.started.done():
            process.release()
        else:
            self.started.set_result(process)

    def _process(self, child: subprocess.Popen[bytes]) -> Process:
        readers = (PipeReader(self._out[0], self._took[0]), PipeReader(self._err[0], self._took[1]))
        return Process(child, self._guard, *readers, stdin=self._in[1] if self._in else None)

    def _settle(self, group: int | None) -> None:
        """The start is over; only a child needs its ends of the pipes from now on."""
        self._guard.settle(self._inode, group)
        os.close(self._out[1])
        os.close(self._err[1])
        if self._in:
            os.close(self._in[0])

    def _fail(self, error: Exception) -> None:
        self._close()
        if not self.started.done():
            self.started.set_exception(error)

    def _close(self) -> None:
        """Close this side's ends of the pipes, without a word to who would take the output."""
        for handle in (self._out[0], self._err[0]):
            self._loop.remove_reader(handle)
            os.close(handle)
        if self._in:
            os.close(self._in[1])


def _pipes(count: int) -> list[Pipe]:
    made: list[Pipe] = []
    try:
        for _ in range(count):
            made.append(os.pipe2(os.O_CLOEXEC))
    except OSError:
        for handle in chain.from_iterable(made):
            os.close(handle)
        raise
    return made
