"""A command's standard input as it comes from the hub. Pure: it holds no pipe and no clock.

        open ──► credit ──► data … ──► eof ──► (what waits is written) ──► done
          ▲                   │
          └── cut: detached, or the link is lost; the next open says where to go on

At any point the command may close it: then everything that still comes is discarded.
"""

from __future__ import annotations

from typing import Final

from chatops.errors import ProtocolError
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamClose, StreamCredit


class InputStream:
    """The bytes between hub and command, at most ``window`` of them at a time.

    ``taken`` counts those that came, whatever stream they came on.
    """

    def __init__(self, window: int = STREAM_CREDIT) -> None:
        self.taken = 0
        self._window: Final = window
        self._waiting = bytearray()
        self._number: int | None = None
        self._granted = 0
        self._ended = False
        self._refused = False

    @property
    def number(self) -> int | None:
        """The stream that carries it now."""
        return self._number

    @property
    def is_cut(self) -> bool:
        """Whether more has to come and nothing carries it."""
        return self._number is None and not self._ended and not self._refused

    @property
    def is_done(self) -> bool:
        """Whether the command has all of it, or takes no more."""
        return self._refused or (self._ended and not self._waiting)

    def open(self, number: int) -> StreamCredit | StreamClose:
        """The hub will send it on this stream. The answer says from where on, or that the
        command takes no more."""
        if self._refused:
            return StreamClose(stream=number, reason="closed")
        self._number = number
        self._granted = self._limit()
        return StreamCredit(stream=number, credit=self._granted - self.taken, offset=self.taken)

    def take(self, offset: int, data: bytes) -> None:
        """Take bytes of the stream that is open; those that were there before are skipped.

        Raises:
            ProtocolError: bytes before these are missing, or there is no credit for them.
        """
        if self._refused:
            return
        if offset > self.taken:
            raise ProtocolError(f"standard input goes on at {self.taken}, not at {offset}")
        if offset + len(data) > self._granted:
            raise ProtocolError(f"there is no credit for standard input past {self._granted}")
        fresh = data[self.taken - offset :]
        self._waiting += fresh
        self.taken += len(fresh)

    def finish(self, length: int) -> None:
        """The input has that many bytes and no more.

        Raises:
            ProtocolError: that is not what came.
        """
        self._number = None
        if self._refused:
            return
        if length != self.taken:
            raise ProtocolError(f"standard input ended at {length}, but {self.taken} bytes came")
        self._ended = True

    def detach(self) -> None:
        """Nothing carries it from now on."""
        self._number = None

    def peek(self, limit: int) -> bytes:
        """The next bytes for the command, at most ``limit``."""
        return bytes(memoryview(self._waiting)[:limit])

    def wrote(self, count: int) -> StreamCredit | None:
        """The command's pipe has the next ``count`` bytes; the credit that may be given now."""
        del self._waiting[:count]
        more = self._limit() - self._granted
        if self._number is None or more < self._window // 4:
            return None
        self._granted += more
        return StreamCredit(stream=self._number, credit=more)

    def refuse(self) -> StreamClose | None:
        """The command takes no more; what to tell the hub, if it would send more."""
        self._waiting.clear()
        number, self._number, self._refused = self._number, None, True
        return None if number is None else StreamClose(stream=number, reason="closed")

    def _limit(self) -> int:
        """How far the hub may send: nothing past the end, and never more than there is room."""
        return self.taken if self._ended else self.taken - len(self._waiting) + self._window
