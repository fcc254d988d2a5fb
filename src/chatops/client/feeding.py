"""How far a command's standard input may be sent, and what must be kept for sending it again.
Pure: no I/O, no clock."""

from __future__ import annotations

from chatops.errors import ProtocolError
from chatops.protocol.limits import MAX_STREAM_DATA, STREAM_CREDIT


class Feed:
    """The input between its source and the command.

    The receiver never holds more than STREAM_CREDIT bytes that the command has not taken, so
    what lies further back than that from the end of the credit has arrived for good.
    """

    def __init__(self) -> None:
        self._data = bytearray()
        self._base = 0
        """Where in the stream ``_data`` begins."""
        self._sent = 0
        self._limit = 0
        self._granted = False
        self._skip = 0
        """Bytes still to come from the source that the receiver has already."""
        self._ended = False
        self._end_sent = False
        self.closed = False
        """The command takes no more."""

    @property
    def length(self) -> int:
        """How far in the stream the source has come."""
        return self._base + len(self._data)

    @property
    def sent(self) -> int:
        """How far in the stream it was sent."""
        return self._sent

    @property
    def room(self) -> int:
        """Bytes that may be read from the source now."""
        if self._ended or self.closed or not self._granted:
            return 0
        return min(self._skip or max(self._limit - self.length, 0), MAX_STREAM_DATA)

    def granted(self, credit: int, offset: int) -> None:
        """The receiver takes ``credit`` more bytes; the first one after the way was lost begins at
        ``offset``.

        Raises:
            ProtocolError: the input from ``offset`` on is not here.
        """
        if not self._granted:
            self._resume(offset)
        self._limit += credit
        self._forget(self._limit - STREAM_CREDIT)

    def lost(self) -> None:
        """The way to the command is gone: nothing can be sent before the next ``granted``."""
        self._granted = False

    def add(self, data: bytes) -> None:
        """Bytes from the source; none is its end."""
        self._ended = self._ended or not data
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        self._data += data[skipped:]

    def take(self) -> tuple[int, bytes] | None:
        """What is to be sent now, and its offset; no bytes is the end. None: nothing."""
        if not self._granted or self.closed:
            return None
        begin = self._sent - self._base
        data = bytes(self._data[begin : begin + min(MAX_STREAM_DATA, self._limit - self._sent)])
        if data:
            offset, self._sent = self._sent, self._sent + len(data)
            return offset, data
        if self._ended and not self._end_sent and self._sent == self.length:
            self._end_sent = True
            return self._sent, b""
        return None

    def _resume(self, offset: int) -> None:
        if offset < self._base:
            raise ProtocolError(
                f"the standard input is wanted from byte {offset} on, and what lies before byte "
                f"{self._base} is gone"
            )
        self._granted, self._end_sent = True, False
        if offset > self.length:  # an earlier source of the same input got so far
            self._skip += offset - self.length
            self._base, self._data = offset, bytearray()
        self._sent = self._limit = offset
        self._forget(offset)

    def _forget(self, before: int) -> None:
        gone = min(before, self._sent) - self._base
        if gone > 0:
            del self._data[:gone]
            self._base += gone
