"""Reading a pipe from the event loop, with a brake."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from typing import Final

_CHUNK: Final = 64 * 1024


class PipeReader:
    """Feeds what comes out of a pipe to ``took``; ``b""`` is its end, told once.

    While paused nothing is read, so the writer comes to a stand when the pipe is full.
    """

    def __init__(self, handle: int, took: Callable[[bytes], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._handle = handle
        self._took = took
        self._reading = False
        os.set_blocking(handle, False)
        self.resume()

    @property
    def closed(self) -> bool:
        """Whether the end was reached or the reader closed."""
        return self._handle < 0

    def pause(self) -> None:
        """Stop reading."""
        if self._reading:
            self._loop.remove_reader(self._handle)
            self._reading = False

    def resume(self) -> None:
        """Read on."""
        if not self._reading and not self.closed:
            self._loop.add_reader(self._handle, self._ready)
            self._reading = True

    def drain(self) -> None:
        """Take what is in the pipe now, paused or not, but no more than a pipe holds."""
        room = fcntl.fcntl(self._handle, fcntl.F_GETPIPE_SZ) if not self.closed else 0
        while room > 0 and (count := self._read()):
            room -= count

    def close(self) -> None:
        """Let go of the pipe; its end is told if it was not."""
        if not self.closed:
            self.pause()
            os.close(self._handle)
            self._handle = -1
            self._took(b"")

    def _ready(self) -> None:
        self._read()

    def _read(self) -> int:
        if self.closed:
            return 0
        try:
            data = os.read(self._handle, _CHUNK)
        except BlockingIOError:
            return 0
        except OSError:
            data = b""
        if data:
            self._took(data)
        else:
            self.close()
        return len(data)
