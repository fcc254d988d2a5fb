"""Output that does not fit into memory, on disk: one nameless file a command, in blocks."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, KiB

BLOCK: Final = 64 * KiB
_log = logging.getLogger(__name__)


class Spill:
    """The room for the spilled output of all commands: a folder and two bounds in bytes."""

    def __init__(self, folder: Path, per_command: int, total: int, block: int = BLOCK) -> None:
        self.block: Final = block
        self.per_command: Final = per_command // block
        self.left = total // block
        """Blocks that may still be taken, by all commands."""
        self._path = folder / "spill"

    def open(self) -> SpillFile:
        """The file of one command. Nothing is made before there is something to write."""
        return SpillFile(self)

    def handle(self) -> int:
        """A fresh file that has no name and so goes with its last handle, or with the agent.

        Raises:
            OSError: it cannot be made.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(self._path, flags, 0o600)
        self._path.unlink()
        return handle


class SpillFile:
    """Blocks of one command's output. A disk without room is a bound that was reached."""

    def __init__(self, spill: Spill) -> None:
        self._spill = spill
        self._handle = -1
        self._taken = 0
        self._stuck = False

    @property
    def block(self) -> int:
        """Size of a block in bytes."""
        return self._spill.block

    @property
    def share(self) -> int:
        """Blocks that one of the command's streams may have, so that the other has some too."""
        whole = self._spill.per_command
        return max(whole // 2, whole - (KEPT_HEAD + KEPT_TAIL) // self.block)

    @property
    def room(self) -> int:
        """Blocks that may still be taken."""
        if self._stuck:
            return 0
        return max(min(self._spill.per_command - self._taken, self._spill.left), 0)

    def add(self, data: bytes | bytearray) -> int | None:
        """Write a block to a new place; its number, or None when there is no room."""
        if not self.room:
            return None
        if not self._write(self._taken, data):
            self._stuck = True
            return None
        self._taken += 1
        self._spill.left -= 1
        return self._taken - 1

    def replace(self, place: int, data: bytes | bytearray) -> bool:
        """Write a block over another; False when the disk does not take it."""
        return self._write(place, data)

    def read(self, place: int, inside: int, limit: int) -> bytes:
        """At most ``limit`` bytes of a block; nothing when the disk does not give them."""
        try:
            limit = min(limit, self.block - inside)
            return os.pread(self._handle, limit, place * self.block + inside)
        except OSError as error:
            _log.error("spilled output cannot be read: %s", error.strerror)
            return b""

    def close(self) -> None:
        """Give the room back."""
        self._spill.left += self._taken
        self._taken = 0
        self._stuck = True
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _write(self, place: int, data: bytes | bytearray) -> bool:
        try:
            if self._handle < 0:
                self._handle = self._spill.handle()
            return os.pwrite(self._handle, data, place * self.block) == len(data)
        except OSError as error:
            _log.warning("output cannot be spilled: %s", error.strerror)
            return False
