"""A command's standard input: from the hub's frames into a pipe, without ever waiting for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from chatops.agent.input import InputStream
from chatops.agent.pipes import PipeWriter
from chatops.protocol import limits
from chatops.protocol.messages import StreamClose, StreamCredit

GRACE: float = limits.STDIN_GRACE
"""Seconds that a cut input may wait for its source."""

Tell = Callable[[StreamCredit | StreamClose], None]


class StandardInput:
    """One command's input. ``tell`` takes what the hub is to know; ``lost`` is called when the
    input was cut off before its end and nobody went on with it in time."""

    writer: type[PipeWriter] = PipeWriter

    def __init__(self, tell: Tell, lost: Callable[[], None]) -> None:
        self._stream: Final = InputStream()
        self._tell = tell
        self._lost = lost
        self._pipe: PipeWriter | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watch()

    @property
    def taken(self) -> int:
        """Bytes that came."""
        return self._stream.taken

    def attach(self, handle: int) -> None:
        """The command runs; ``handle`` is the writing end of its pipe, and closed from here."""
        self._pipe = self.writer(handle, self._write, self.close)
        self._go_on()

    def open(self, number: int) -> None:
        """The hub sends the input on this stream from now on."""
        self._tell(self._stream.open(number))
        self._watch()

    def take(self, offset: int, data: bytes) -> None:
        """Some bytes came.

        Raises:
            ProtocolError: see InputStream.
        """
        self._stream.take(offset, data)
        self._go_on()

    def shut(self, message: StreamClose) -> None:
        """The hub closed the stream: the input has ended, or its source is gone for now.

        Raises:
            ProtocolError: see InputStream.
        """
        try:
            if message.reason == "eof":
                self._stream.finish(message.offset)
            else:
                self._stream.detach()
        finally:
            self._go_on()
            self._watch()

    def detach(self) -> None:
        """The link is lost."""
        self._stream.detach()
        self._watch()

    def close(self) -> None:
        """The command takes no more, or has ended; calling it again changes nothing."""
        told = self._stream.refuse()
        self._watch()
        if self._pipe is not None:
            self._pipe.close()
        if told is not None:
            self._tell(told)

    def _go_on(self) -> None:
        """Bring the pipe to where the stream is."""
        if self._pipe is None:
            return
        if self._stream.is_done:
            self._pipe.close()
        elif self._stream.peek(1):
            self._pipe.wait()
        else:
            self._pipe.rest()

    def _write(self, write: Callable[[bytes], int], limit: int) -> None:
        while data := self._stream.peek(limit):
            count = write(data)
            if not count:
                break
            credit = self._stream.wrote(count)
            if credit is not None:
                self._tell(credit)
        self._go_on()

    def _watch(self) -> None:
        """Let the time run while the input is cut, and only then."""
        if self._stream.is_cut and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(GRACE, self._lost)
        elif not self._stream.is_cut and self._timer is not None:
            self._timer.cancel()
            self._timer = None
