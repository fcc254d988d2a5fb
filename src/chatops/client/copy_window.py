"""How many bytes of a copy may be sent now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from chatops.protocol.frames import encode_frame
from chatops.protocol.limits import COPY_SIGN

STREAM: Final = 0
"""The number of the one stream of a copy."""


class Stopped(Exception):
    """Nothing more is to be sent."""


class Window:
    """Filled by one thread, used by another."""

    def __init__(self) -> None:
        self._room = self._most = 0
        self._stopped = False
        self._change = threading.Condition()

    def grant(self, count: int) -> None:
        """So many bytes more may be sent."""
        with self._change:
            self._room += count
            self._most = max(self._most, self._room)
            self._change.notify_all()

    def take(self, most: int) -> int:
        """How many bytes, of ``most``, may be sent; waits until there are any. While more than
        half of what there can be is under way it waits for all of them: more credit will come, and
        a block that is cut takes each of the programs on its way twice as long.

        Raises:
            Stopped: there will be none.
        """
        with self._change:
            self._change.wait_for(
                lambda: self._stopped or self._room >= min(most, max(self._most // 2, 1))
            )
            if self._stopped:
                raise Stopped
            taken = min(self._room, most)
            self._room -= taken
            return taken

    def check(self) -> None:
        """
        Raises:
            Stopped: nothing more may be sent.
        """
        if self._stopped:
            raise Stopped

    def stop(self) -> None:
        """Let nobody wait any longer."""
        with self._change:
            self._stopped = True
            self._change.notify_all()


class Outgoing:
    """What is sent of a copy, with ``send`` as a frame each, within a ``window``."""

    def __init__(
        self, send: Callable[[bytes], object], window: Window,
        now: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._send = send
        self._window = window
        self._now = now
        self._offset = 0
        self._last = now()

    def put(self, data: bytes) -> None:
        """Send bytes, as soon as they may be.

        Raises:
            Stopped: nothing more may be sent.
        """
        begin = 0
        while begin < len(data):
            size = self._window.take(len(data) - begin)
            self._frame(data[begin : begin + size])
            begin += size

    def work(self) -> None:
        """Called again and again while there are no bytes yet: says now and then that there will
        be, or who waits for them would think that there was nobody.

        Raises:
            Stopped: nothing more may be sent.
        """
        self._window.check()
        if self._now() - self._last >= COPY_SIGN:
            self._frame(b"")

    def _frame(self, data: bytes) -> None:
        self._send(encode_frame(STREAM, self._offset, data))
        self._offset += len(data)
        self._last = self._now()
