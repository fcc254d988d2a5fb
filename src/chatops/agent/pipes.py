"""Pipes in the event loop: reading one with a brake, writing one without waiting."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable
from typing import Final

_CHUNK: Final = 64 * 1024
Write = Callable[[bytes], int]


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


class PipeWriter:
    """Asks ``fill`` for bytes when the pipe has room, and calls ``gone`` when nobody reads it.

    ``fill`` is given a function that writes and says how many bytes went, 0 for a full pipe
    and for one that nobody reads; and how many bytes it may write at a time.
    """

    def __init__(
        self, handle: int, fill: Callable[[Write, int], None], gone: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._handle = handle
        self._fill = fill
        self._gone = gone
        self._waiting = False
        os.set_blocking(handle, False)
        self._watch()

    def wait(self) -> None:
        """There is something to write."""
        if self._handle >= 0 and not self._waiting:
            self._loop.add_writer(self._handle, self._ready)
            self._waiting = True

    def rest(self) -> None:
        """There is nothing to write for now."""
        if self._waiting:
            self._loop.remove_writer(self._handle)
            self._waiting = False

    def close(self) -> None:
        """Let go of the pipe: its reader finds the end. Calling it again changes nothing."""
        if self._handle >= 0:
            self.rest()
            self._loop.remove_reader(self._handle)
            os.close(self._handle)
            self._handle = -1

    def _watch(self) -> None:
        # The writing end never becomes readable; it only tells in this way that nobody reads.
        self._loop.add_reader(self._handle, self._gone)

    def _ready(self) -> None:
        if self._handle >= 0:
            self._fill(self._write, _CHUNK)

    def _write(self, data: bytes) -> int:
        if self._handle < 0:
            return 0
        try:
            return os.write(self._handle, data)
        except BlockingIOError:
            return 0
        except OSError:
            self._gone()
            return 0
