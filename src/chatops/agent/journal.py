"""The agent's memory of commands on disk: every change is with the kernel before it counts.

A change that was written survives the death of the agent, kill -9 included. It is not forced
to the disk: a power cut may take the last ones, so after one the epoch is a new one.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
from pathlib import Path
from typing import Final

from chatops.agent.boot import boot_id
from chatops.agent.memory import Acked, Closed, Finished, Line, Memory, Started, encode, replay
from chatops.errors import SetupError
from chatops.locks import FolderLock
from chatops.paths import private_dir, sync_folder, write_private
from chatops.protocol.limits import KiB
from chatops.protocol.messages import CommandResponse

ROOM: Final = 512 * KiB
"""Bytes that are reserved for changes; when they are used up, the journal is written anew."""
_PATIENCE: Final = 5.0
"""Seconds to wait for a killed agent's watchdog, which holds the lock till it has cleaned up."""
_log = logging.getLogger(__name__)


class Journal:
    """The journal in ``folder``, held for this process alone until ``close``.

    Raises:
        Conflict: another agent uses the folder.
        SetupError: it cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = private_dir(folder)
        self._path: Final = folder / "journal"
        self._handle = -1
        self._end = 0
        self._limit = 0
        self._behind = False
        try:
            self._lock = FolderLock(folder, "agent", _PATIENCE).__enter__()
        except OSError as error:
            raise _unusable(folder, error) from error
        try:
            self._memory = _continued(self._read())
            self._rewrite()
        except OSError as error:
            self._release()
            raise _unusable(folder, error) from error

    @property
    def lock(self) -> int:
        """The file whose lock keeps other agents out; see Guard."""
        return self._lock.fileno()

    @property
    def epoch(self) -> str:
        """Random, and the same for as long as the memory is whole."""
        return self._memory.epoch

    def outcomes(self) -> dict[str, CommandResponse]:
        """The outcomes that the hub has not acked, by id."""
        held = self._memory.held.items()
        return {key: one.response for key, one in held if isinstance(one, Finished)}

    def acked(self, command_id: str) -> CommandResponse | None:
        """The outcome of a command that the hub has acked not too long ago."""
        known = self._memory.acked.get(command_id)
        return known.response if known else None

    def start(self, command_id: str, at: float) -> None:
        """A command is about to be started.

        Raises:
            OSError: that cannot be written down, so it must not be started.
        """
        self._memory.apply(Started(command_id, at))
        try:
            self._write(Started(command_id, at))
        except OSError:
            del self._memory.held[command_id]
            raise

    def finish(self, response: CommandResponse, unsent: int = 0) -> None:
        """A command has its outcome; ``unsent`` bytes of its output have not gone out."""
        self._note(Finished(response, unsent))

    def ack(self, command_id: str) -> None:
        """The hub has the outcome."""
        self._note(Acked(command_id))

    def close(self) -> None:
        """Bring everything to the disk and let go of the folder."""
        if self._handle < 0:
            return
        self._note(Closed())
        with contextlib.suppress(OSError):  # then the next start finds no end, and is careful
            os.fsync(self._handle)
        self._release()

    def _note(self, line: Line) -> None:
        """A change that has happened, whether it can be written down or not."""
        self._memory.apply(line)
        try:
            self._write(line)
        except OSError as error:
            _log.error("the journal %s cannot be written: %s", self._path, error.strerror)

    def _write(self, line: Line) -> None:
        """After a failure the file lacks a line, so the next change writes it anew."""
        if self._behind:
            self._rewrite()
            return
        self._behind = True
        data = encode(line)
        if os.pwrite(self._handle, data, self._end) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._end += len(data)
        self._behind = False
        if self._end >= self._limit:
            self._limit += ROOM  # should it fail, it is tried again after as much
            with contextlib.suppress(OSError):
                self._rewrite()

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""

    def _rewrite(self) -> None:
        """Replace the file by the shortest one that says the same."""
        data = b"".join(encode(line) for line in self._memory.lines())
        write_private(self._path, data)
        sync_folder(self.folder)
        handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        self._drop()
        self._handle, self._end, self._limit = handle, len(data), len(data) + ROOM
        self._behind = False
        with contextlib.suppress(OSError):  # no room to reserve: it may do without
            os.posix_fallocate(handle, self._end, ROOM)

    def _drop(self) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _release(self) -> None:
        self._drop()
        self._lock.__exit__()


def _continued(data: bytes) -> Memory:
    """The memory of the agent before this one, with its epoch if that can be kept."""
    memory, boot = replay(data), boot_id()
    memory.settle()
    if data and not memory.whole:
        _log.warning("the journal is damaged; what can be read of it is kept")
    if not memory.whole or not (memory.closed or memory.boot == boot):
        memory.epoch, memory.whole = secrets.token_hex(8), True
    memory.boot = boot
    return memory


def _unusable(folder: Path, error: OSError) -> SetupError:
    return SetupError(
        f"the folder {folder} cannot be used: {error.strerror}",
        hint="make room, check its owner and permissions, or name another with --data-dir",
    )
