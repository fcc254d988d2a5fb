"""What feeds a command's standard input: a file, a pipe or a terminal of this process."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from chatops.client.feeding import Feed
from chatops.protocol.frames import encode_frame
from chatops.protocol.messages import StreamClose

if TYPE_CHECKING:
    from chatops.protocol.messages import Message

    Send = Callable[[Message | bytes], None]

STREAM: Final = 0
"""The number of the standard input."""


class Input:
    """Reads the file of a number (``sys.stdin.fileno()``) in a thread of its own, never more
    than the command takes, and sends it to wherever it is attached.

    It outlives connections: Commands.attach goes on where the command got to. ``error`` is what
    ended the reading early, if anything did; ``cut_at`` since when, by the monotonic clock, the
    server is away. ``close`` ends the thread; the file stays open.
    """

    def __init__(self, file: int) -> None:
        self.error: OSError | None = None
        self.cut_at: float | None = None
        self._file = file
        self._feed = Feed()
        self._lock = threading.Lock()
        self._send: Send | None = None
        self._wake, self._woken = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread: threading.Thread | None = None

    def attach(self, send: Send) -> None:
        """Send to there, as soon as the hub grants credit."""
        with self._lock:
            self._feed.lost()
            self._send = send
        if self._thread is None and not self._feed.closed:
            self._thread = threading.Thread(target=self._run, name="stdin", daemon=True)
            self._thread.start()

    def detach(self) -> None:
        """Send nothing before the next ``attach``."""
        with self._lock:
            self._feed.lost()
            self._send = None

    def restart(self) -> None:
        """The way to the command is a new one: the next credit says from where on."""
        self.cut_at = None
        with self._lock:
            self._feed.lost()

    def cut(self) -> None:
        """The server is away: nothing reaches the command before ``restart``."""
        self.cut_at = time.monotonic()
        with self._lock:
            self._feed.lost()

    def grant(self, credit: int, offset: int) -> None:
        """The command takes ``credit`` more bytes (see chatops.client.feeding).

        Raises:
            ProtocolError: it wants bytes that are gone.
        """
        with self._lock:
            self._feed.granted(credit, offset)
        self._tell()

    def close(self) -> None:
        """Read and send no more."""
        with self._lock:
            already, self._feed.closed = self._feed.closed, True
        if self._thread is not None:
            self._tell()
        elif not already:
            self._release()

    def _tell(self) -> None:
        with self._lock, suppress(BlockingIOError):  # it is full of reasons to wake up
            if self._woken >= 0:
                os.write(self._woken, b"!")

    def _release(self) -> None:
        with self._lock:
            os.close(self._wake)
            os.close(self._woken)
            self._wake = self._woken = -1

    def _run(self) -> None:
        try:
            self._work()
        finally:
            self._release()

    def _work(self) -> None:
        while not self._feed.closed:
            self._urgent()
            with self._lock:
                piece = self._feed.take()
                room = self._room()
                send = self._send
            if piece is not None and send is not None:
                self._pass_on(send, *piece)
            elif self._readable(room):
                self._read(room)

    def _urgent(self) -> None:
        """What goes before all input; a file has nothing of that kind."""

    def _room(self) -> int:
        """How much is to be read of the source now."""
        return self._feed.room

    def _pass_on(self, send: Send, offset: int, data: bytes) -> None:
        from chatops.client.channel import Lost

        try:
            if data:
                send(encode_frame(STREAM, offset, data))
            else:
                send(StreamClose(stream=STREAM, offset=offset, reason="eof"))
        except Lost:  # who reads the connection notices it too
            self.detach()

    def _readable(self, room: int) -> bool:
        """Wait until the source has something, if it is wanted, or something has changed."""
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        if room:
            poll.register(self._file, select.POLLIN)
        ready = {number for number, _ in poll.poll()}
        if self._wake in ready:
            os.read(self._wake, 4096)
        return self._file in ready

    def _read(self, room: int) -> None:
        try:
            data = os.read(self._file, room)
        except OSError as error:
            self.error, data = error, b""
        with self._lock:
            self._feed.add(data)
