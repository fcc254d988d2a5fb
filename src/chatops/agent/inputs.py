"""Which stream of a session is which command's standard input."""

from __future__ import annotations

from typing import Final

from chatops.agent.stdin import StandardInput
from chatops.errors import ProtocolError
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import StreamClose

_REMEMBERED: Final = 4096
"""Streams that are over and whose last bytes may still be under way; those are discarded."""


class Inputs:
    """The inputs that the hub sends in this session, by the number of their stream."""

    def __init__(self) -> None:
        self._open: dict[int, StandardInput] = {}
        self._over: dict[int, None] = {}

    def open(self, number: int, stdin: StandardInput) -> None:
        """A stream carries this input from now on; an older one of it is over."""
        for known in [one for one, given in self._open.items() if given is stdin]:
            self.end(known)
        if number in self._open:
            self._open.pop(number).detach()
        self._over.pop(number, None)
        self._open[number] = stdin
        stdin.open(number)

    def end(self, number: int) -> None:
        """A stream is over: the command takes no more, or there is none."""
        self._open.pop(number, None)
        self._over[number] = None
        if len(self._over) > _REMEMBERED:
            del self._over[next(iter(self._over))]

    def take(self, frame: StreamFrame) -> None:
        """Bytes came.

        Raises:
            ProtocolError: on a stream that nobody opened, or see StandardInput.
        """
        stdin = self._open.get(frame.stream)
        if stdin is not None:
            stdin.take(frame.offset, frame.data)
        elif frame.stream not in self._over:
            raise ProtocolError(f"no stream {frame.stream} to this agent is open")

    def shut(self, message: StreamClose) -> bool:
        """The hub sends no more on a stream; whether it is one of these.

        Raises:
            ProtocolError: see StandardInput.
        """
        stdin = self._open.get(message.stream)
        if stdin is None:
            return message.stream in self._over
        self.end(message.stream)
        stdin.shut(message)
        return True

    def forget(self, stdin: StandardInput) -> None:
        """The command is forgotten."""
        for number in [one for one, given in self._open.items() if given is stdin]:
            self.end(number)

    def disconnected(self) -> None:
        """The session is over: every input that has not ended is cut."""
        carried = list(self._open.values())
        self._open.clear()
        self._over.clear()
        for stdin in carried:
            stdin.detach()
