"""One WebSocket of an agent: an asyncio protocol round the framing."""

from __future__ import annotations

import asyncio
import struct
from typing import Protocol, cast

from benchmarks.swarm.framing import (
    BINARY,
    CLOSE,
    PING,
    PONG,
    TEXT,
    BadPeer,
    Opening,
    Reader,
    frame,
)

LOST = "connection lost"


class Listener(Protocol):
    """Who uses a link."""

    def opened(self) -> None:
        """The handshake is done."""
        ...

    def took(self, text: bytes) -> None:
        """A text frame came."""
        ...

    def may_write(self) -> None:
        """There is room for more again."""
        ...


class Link(asyncio.Protocol):
    """From the upgrade to the end. ``ended`` gets the reason: what the hub said when it closed,
    what was given to ``abort``, or how the connection failed."""

    def __init__(self, listener: Listener, host: str, path: str) -> None:
        self.ended: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.full = False
        """Whether the kernel takes no more for now."""
        self._listener = listener
        self._opening: Opening | None = Opening(host, path)
        self._reader = Reader()
        self._transport: asyncio.Transport | None = None

    # -- what goes ------------------------------------------------------------------------

    def text(self, *payloads: bytes) -> None:
        """Send text frames, in one packet if they fit."""
        self._write(b"".join([frame(TEXT, payload) for payload in payloads]))

    def binary(self, payload: bytes) -> None:
        """Send a binary frame."""
        self._write(frame(BINARY, payload))

    def abort(self, reason: str) -> None:
        """Cut the connection without a word."""
        self._end(reason)
        if self._transport is not None:
            self._transport.abort()

    def deaf(self) -> None:
        """Read nothing from now on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def hear(self) -> None:
        """Read again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self.ended.done():
            self._transport.write(data)

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    # -- what comes -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        if self._opening is not None:
            self._transport.write(self._opening.request)

    def data_received(self, data: bytes) -> None:
        try:
            if self._opening is not None:
                rest = self._opening.feed(data)
                if rest is None:
                    return
                self._opening, data = None, rest
                self._listener.opened()
            for kind, payload in self._reader.feed(data):
                self._take(kind, payload)
        except BadPeer as error:
            self.abort(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(LOST)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._listener.may_write()

    def _take(self, kind: int, payload: bytes) -> None:
        if kind == TEXT:
            self._listener.took(payload)
        elif kind == PING:
            self._write(frame(PONG, payload))
        elif kind == CLOSE:
            self._write(frame(CLOSE, payload[:2]))
            self._end(_reason(payload))
            if self._transport is not None:
                self._transport.close()


def _reason(payload: bytes) -> str:
    if len(payload) < 2:
        return "closed"
    (code,) = struct.unpack_from(">H", payload)
    return payload[2:].decode("utf-8", "replace") or f"closed {code}"
