"""The file that holds the longer outputs of commands that are not over. Nobody reads it later:
it has no name, and goes with the hub; what is to stay is committed at a command's end."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL

_SLOT: Final = KEPT_HEAD + KEPT_TAIL
_log = logging.getLogger(__name__)


class OutputFile:
    """Slots of equal size, one a stream. Made when the first is needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "output"
        self._handle = -1
        self._slots = 0
        self._free: list[int] = []

    def take(self) -> int | None:
        """A slot of one's own; None when there is no file to be had."""
        if self._handle < 0 and not self._open():
            return None
        if self._free:
            return self._free.pop()
        self._slots += 1
        return self._slots - 1

    def free(self, slot: int) -> None:
        """Give a slot back; when all are, so is the disk's room."""
        self._free.append(slot)
        if len(self._free) == self._slots:
            self.close()

    def write(self, slot: int, place: int, data: bytes | bytearray) -> bool:
        """Write into a slot; False when the disk does not take it."""
        try:
            return os.pwrite(self._handle, data, slot * _SLOT + place) == len(data)
        except OSError as error:
            _log.warning("output of a command cannot be kept: %s", error.strerror)
            return False

    def read(self, slot: int, place: int, count: int) -> bytes:
        """What was written there; less when the disk does not give it."""
        try:
            return os.pread(self._handle, count, slot * _SLOT + place)
        except OSError as error:
            _log.error("kept output cannot be read: %s", error.strerror)
            return b""

    def close(self) -> None:
        """Let go of the file and all slots."""
        self._slots = 0
        self._free.clear()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def _open(self) -> bool:
        flags = os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._handle = os.open(self._path, flags, 0o600)
            self._path.unlink()
        except OSError as error:
            _log.warning("there is no file for the output of commands: %s", error.strerror)
            return False
        return True
