"""One terminal's recording while it goes on: its file, written as things happen."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from chatops.clock import Clock
from chatops.server.services.asciicast import Cast, header, resumed

_FLAGS: Final = os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


class Recorder:
    """Appends to a recording of at most ``most`` bytes. ``failed`` is called once, with why, when
    it cannot go on: what is not recorded is not to happen."""

    def __init__(self, path: Path, started_at: float, clock: Clock, most: int) -> None:
        self.failed: Callable[[str], object] = lambda why: None
        self._path = path
        self._started_at = started_at
        self._clock = clock
        self._most = most
        self._cast = Cast()
        self._handle = -1
        self._shape: tuple[int, int] | None = None
        self.size = 0

    def begin(self, rows: int, cols: int, **more: object) -> None:
        """Make the file; ``more`` is for its header.

        Raises:
            OSError: it cannot be made.
        """
        self._shape = (rows, cols)
        self._handle = os.open(self._path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        self._append(header(rows, cols, self._started_at, **more))

    def resume(self) -> None:
        """Go on in the file, which a hub before this one left.

        Raises:
            OSError: it cannot be read or written, or does not even begin as one.
        """
        with self._path.open("rb") as file:
            self._cast, self.size = resumed(file)
        if not self.size:
            raise OSError(errno.EIO, "its file is damaged")
        self._handle = os.open(self._path, _FLAGS)
        os.ftruncate(self._handle, self.size)

    @property
    def last(self) -> float:
        """When the newest of it happened, in seconds since the beginning."""
        return self._cast.last

    def output(self, offset: int, data: bytes) -> None:
        """These bytes were printed; ``offset`` is where in the output they begin."""
        self._write(self._cast.output(self._now, offset, data))

    def resize(self, rows: int, cols: int) -> None:
        """The terminal has this size now."""
        if self._shape != (rows, cols):
            self._shape = (rows, cols)
            self._write(self._cast.resize(self._now, rows, cols))

    def close(self) -> None:
        """Write no more. Calling it again changes nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def discard(self) -> None:
        """There was nothing to record. What the disk does not let go is removed later."""
        self.close()
        with suppress(OSError):
            self._path.unlink()

    @property
    def _now(self) -> float:
        return self._clock.now() - self._started_at

    def _write(self, lines: bytes) -> None:
        if self._handle < 0 or not lines:
            return
        try:
            if self.size + len(lines) > self._most:
                raise OSError(errno.EFBIG, "it is as long as recordings may be")
            self._append(lines)
        except OSError as error:
            self.close()
            self.failed(error.strerror or "the disk does not take it")

    def _append(self, lines: bytes) -> None:
        written = os.write(self._handle, lines)
        self.size += written
        if written != len(lines):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
