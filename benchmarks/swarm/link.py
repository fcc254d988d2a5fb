"""One WebSocket of an agent: websockets' protocol without I/O in a plain asyncio protocol.

The library's own connection has a task, queues and timers for each socket, which takes 1.4 to 2
times as much for a sample and its ack; what those do a swarm does once for all.
"""

from __future__ import annotations

import asyncio
from typing import Final, Protocol, cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.uri import WebSocketURI

from chatops.protocol.limits import MAX_HUB_FRAME

LOST: Final = "connection lost"


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

    def __init__(self, listener: Listener, uri: WebSocketURI) -> None:
        self.ended: Final[asyncio.Future[str]] = asyncio.get_running_loop().create_future()
        self.full = False
        """Whether the kernel takes no more for now."""
        self._listener = listener
        self._protocol = ClientProtocol(uri, max_size=MAX_HUB_FRAME)
        self._transport: asyncio.Transport | None = None

    # -- what goes ------------------------------------------------------------------------

    def text(self, *payloads: bytes) -> None:
        """Send text frames, in one packet if they fit."""
        if not self.ended.done():
            for payload in payloads:
                self._protocol.send_text(payload)
            self._flush()

    def binary(self, payload: bytes) -> None:
        """Send a binary frame."""
        if not self.ended.done():
            self._protocol.send_binary(payload)
            self._flush()

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

    def _flush(self) -> None:
        data = self._protocol.data_to_send()
        if self._transport is not None and data:
            self._transport.write(b"".join(data))

    def _end(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_result(reason)

    # -- what comes -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._protocol.send_request(self._protocol.connect())
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if not isinstance(event, Frame):
                self._answered()
            elif event.opcode is Opcode.TEXT:
                self._listener.took(bytes(event.data))
        self._flush()
        if self._protocol.close_expected():
            self._end(self._reason())
            if self._transport is not None:
                self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(LOST)

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        self._listener.may_write()

    def _answered(self) -> None:
        error = self._protocol.handshake_exc
        if error is None:
            self._listener.opened()
        elif isinstance(error, InvalidStatus):
            self.abort(f"http {error.response.status_code}")
        else:
            self.abort("no websocket")

    def _reason(self) -> str:
        said = self._protocol.close_rcvd
        return (said.reason or f"closed {said.code}") if said is not None else LOST
