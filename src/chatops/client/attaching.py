"""Following a command or a run over its WebSocket, and feeding a command's standard input."""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

from chatops.client.channel import Channel, Lost, opened, renew
from chatops.client.run_events import FrameEvents, Offsets, RunEvent
from chatops.client.session import Session, segment
from chatops.client.stdin import Input
from chatops.clock import SystemClock
from chatops.errors import HubUnreachable, NotSignedIn, ProtocolError
from chatops.protocol.client_messages import (
    Attach,
    ClientAuthSuccess,
    CommandEvent,
    OpenTerminal,
    StreamCut,
    to_client,
)
from chatops.protocol.frames import StreamFrame
from chatops.protocol.limits import KiB
from chatops.protocol.messages import StreamClose, StreamCredit, StreamOpen

_WINDOW: Final = 64 * KiB
"""Bytes on their way to a terminal: whoever presses Ctrl-C does not want to see much more."""


def attach(
    session: Session, name: str, offsets: Offsets, stdin: Input | None
) -> Generator[RunEvent, None, None]:
    """See Commands.attach."""
    first = Attach(offsets=dict(offsets), stdin=stdin is not None)
    return converse(session, f"/commands/{segment(name)}", first, stdin)


def converse(
    session: Session, path: str, first: Attach | OpenTerminal, stdin: Input | None
) -> Generator[RunEvent, None, None]:
    """Ask for something to follow on a socket, and follow it; ``stdin`` feeds it."""
    attachment = _Attachment(session, path, first)
    renewed = False
    while True:
        try:
            yield from attachment.events(stdin)
            if stdin is not None:
                stdin.close()
            return
        except NotSignedIn:
            if renewed or not renew(session):
                raise
            renewed = True
        except Lost as error:
            raise attachment.gone(str(error)) from None
        except ProtocolError as error:
            raise attachment.gone(f"the stream is broken ({error.message})") from None
        finally:
            if stdin is not None:
                stdin.detach()


def _steer(stdin: Input, message: object) -> None:
    if isinstance(message, StreamOpen):
        stdin.restart()
    elif isinstance(message, StreamCredit):
        stdin.grant(message.credit, message.offset)
    elif isinstance(message, StreamCut):
        stdin.cut()
    elif isinstance(message, StreamClose):
        stdin.close()


class _Attachment:
    """One connection that follows."""

    def __init__(self, session: Session, path: str, first: Attach | OpenTerminal) -> None:
        self._session = session
        self._path = path
        self._first = first
        self._stands = False

    def events(self, stdin: Input | None) -> Generator[RunEvent, None, None]:
        """What happens, until everything is over."""
        events = FrameEvents()
        window = _WINDOW if isinstance(self._first, OpenTerminal) else None
        with opened(self._session, self._path, SystemClock(), to_client(), window) as channel:
            for message in channel.messages():
                if isinstance(message, StreamFrame):
                    yield events.output(message)
                elif isinstance(message, CommandEvent):
                    yield events.event(message.data)
                elif isinstance(message, ClientAuthSuccess):
                    self._stands = True
                    self._begin(channel, stdin)
                elif stdin is not None:
                    _steer(stdin, message)

    def gone(self, why: str) -> HubUnreachable:
        """The error for a connection that failed."""
        return HubUnreachable(
            f"cannot reach the hub at {self._session.address.url}: {why}",
            hint="`chatops status` tells whether the hub is there",
            details={"sent": self._stands},
        )

    def _begin(self, channel: Channel, stdin: Input | None) -> None:
        channel.send(self._first)
        if stdin is not None:
            stdin.attach(channel.send)
