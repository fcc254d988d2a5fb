"""What is typed at a terminal of this process, on its way to one on a server."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from chatops.client.stdin import STREAM, Input
from chatops.protocol.limits import KiB
from chatops.protocol.messages import Resize, StreamClose

if TYPE_CHECKING:
    from chatops.protocol.messages import Message

_AHEAD: Final = 64 * KiB
"""Bytes that may be typed while they cannot be sent; past it the terminal is read no more."""
_CHUNK: Final = 4096
Size = Callable[[], tuple[int, int]]


class Keyboard(Input):
    """Reads a terminal, also while the way to the server is lost. ``passed`` says what of the bytes
    is to be sent, ``size`` asks the terminal for its rows and columns.

    ``resized`` and ``hang_up`` may be called by signal handlers: they take no lock.
    """

    def __init__(
        self, file: int, size: Size, passed: Callable[[bytes], bytes] = lambda data: data
    ) -> None:
        super().__init__(file)
        self._size = size
        self._passed = passed
        self._due: list[bool] = []
        self._hangs_up = False

    @property
    def attached(self) -> bool:
        """Whether what is typed reaches the hub."""
        return self._send is not None

    def resized(self, *, redraw: bool = False) -> None:
        """The terminal has another size; or, with ``redraw``, its screen is to be drawn anew."""
        self._due.append(redraw)
        self._poke()

    def hang_up(self) -> None:
        """End the terminal on the server."""
        self._hangs_up = True
        self._poke()

    def _poke(self) -> None:
        with suppress(OSError):
            os.write(self._woken, b"!")

    def _urgent(self) -> None:
        while self._due:
            rows, cols = self._size()
            self._tell_hub(Resize(rows=rows, cols=cols, redraw=self._due.pop(0)))
        if self._hangs_up:
            self._tell_hub(StreamClose(stream=STREAM, offset=self._feed.sent, reason="eof"))
            self._hangs_up = False

    def _room(self) -> int:
        """A terminal is read as long as there is room, for what is not to be sent."""
        ahead = self._feed.length - self._feed.sent
        return 0 if self._feed.closed or ahead >= _AHEAD else _CHUNK

    def _tell_hub(self, message: Message) -> None:
        from chatops.client.channel import Lost

        if self._send is not None:
            with suppress(Lost):  # who reads the connection notices it too
                self._send(message)

    def _read(self, room: int) -> None:
        try:
            data = os.read(self._file, room)
        except OSError as error:
            self.error, data = error, b""
        fresh = self._passed(data) if data else b""
        if fresh or not data:
            with self._lock:
                self._feed.add(fresh)
