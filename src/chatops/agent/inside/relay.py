"""Bytes between the engine's connection and the pipes of the agent, both ways at once."""

from __future__ import annotations

import os
import select
import socket
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

_PIECE: Final = 65536
_HEAD: Final = 8
_STDERR: Final = 2
_OUTPUT: Final = (1, 2)
IN: Final = select.POLLIN
OUT: Final = select.POLLOUT


class Frames:
    """Takes apart what the engine sends: frames of a stream's number, a length, and bytes."""

    def __init__(self) -> None:
        self._head = b""
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The bytes in it, each with the number of its stream: 1 stdout, 2 stderr."""
        while data:
            if not self._left:
                self._head, data = (
                    self._head + data[: _HEAD - len(self._head)],
                    data[_HEAD - len(self._head) :],
                )
                if len(self._head) < _HEAD:
                    return
                self._stream = self._head[0]
                self._left, self._head = int.from_bytes(self._head[4:]), b""
                continue
            piece, data = data[: self._left], data[self._left :]
            self._left -= len(piece)
            yield self._stream, piece


class Bare:
    """The same for a terminal, which has one stream."""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """All of it."""
        if data:
            yield 1, data


class Relay:
    """One command's streams, at a ``terminal`` or not. Nothing is read that cannot be passed on, so
    whoever is slow slows the other end. While ``held`` the output waits here: it may be the
    engine's complaint."""

    def __init__(self, end: socket.socket, come: bytes, *, feed: bool, terminal: bool) -> None:
        self._end = end
        self._frames = Bare() if terminal else Frames()
        self._ends_input = not terminal  # an engine would take it for the end of the output too
        self._todo: deque[tuple[int, bytes]] = deque()
        self._input = b""
        self._feeding = feed
        self._fed = feed
        self.held = True
        self.ended = False
        """Whether the engine has sent all that there is."""
        self.taken = 0
        """Bytes that came."""
        end.settimeout(0)
        for stream in (0, *_OUTPUT):
            os.set_blocking(stream, False)
        self._take(come)

    @property
    def waiting(self) -> bool:
        """Whether there is output here that is not passed on."""
        return bool(self._todo)

    @property
    def _has_room(self) -> bool:
        """Whether more may come."""
        return not self.ended and (self.taken < _PIECE if self.held else not self._todo)

    def complaint(self) -> str:
        """What is held, taken as words of the engine, and not passed on any more."""
        text = b"".join(data for _, data in self._todo).decode(errors="replace").strip()
        self._todo.clear()
        return text

    def wants(self) -> dict[int, int]:
        """What to wait for, as ``select.poll`` takes it."""
        wanted: dict[int, int] = {}
        if self._todo and not self.held:
            wanted[self._todo[0][0]] = OUT
        end = IN if self._has_room else 0
        if self._input:
            end |= OUT
        elif self._feeding:
            wanted[0] = IN
        if end:
            wanted[self._end.fileno()] = end
        return wanted

    def go_on(self, ready: Mapping[int, int]) -> None:
        """Pass on what can be passed on now."""
        end = ready.get(self._end.fileno(), 0)
        if end & ~OUT and self._has_room:
            self._receive()
        if self._input and end & ~IN:
            self._send()
        if 0 in ready:
            self._read()
        if not self.held:
            self._write()

    def _take(self, data: bytes) -> None:
        self.taken += len(data)
        for stream, piece in self._frames.feed(data):
            self._todo.append((_STDERR if stream == _STDERR else 1, piece))

    def _receive(self) -> None:
        try:
            data = self._end.recv(_PIECE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.ended = not data
        self._take(data)

    def _write(self) -> None:
        while self._todo:
            stream, data = self._todo.popleft()
            try:
                count = os.write(stream, data)
            except BlockingIOError:
                count = 0
            except OSError:  # nobody reads it any more
                count = len(data)
            if count < len(data):
                self._todo.appendleft((stream, data[count:]))
                return

    def _read(self) -> None:
        try:
            self._input = os.read(0, _PIECE)
        except BlockingIOError:
            return
        if not self._input:
            self._stop_feeding()
            if self._ends_input:
                with suppress(OSError):
                    self._end.shutdown(socket.SHUT_WR)

    def _send(self) -> None:
        try:
            self._input = self._input[self._end.send(self._input) :]
        except BlockingIOError:
            return
        except OSError:  # the command takes no more
            self._input = b""
            self._stop_feeding()

    def _stop_feeding(self) -> None:
        """Let whoever feeds us see that no more is taken."""
        if self._feeding:
            self._feeding = False
            nothing = os.open(os.devnull, os.O_RDONLY)
            os.dup2(nothing, 0)
            os.close(nothing)
