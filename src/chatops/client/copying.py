"""One copy over one connection at a time, whichever way it goes."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import ExitStack, suppress
from typing import Final, Self

from chatops.client.channel import Channel, Lost, opened, renew
from chatops.client.copy_window import STREAM
from chatops.client.session import Session, segment
from chatops.clock import SystemClock
from chatops.errors import (
    Cancelled,
    ChatOpsError,
    HubUnreachable,
    NotSignedIn,
    ProtocolError,
    from_code,
)
from chatops.protocol.client_messages import (
    ClientAuthSuccess,
    CopyBegun,
    CopyEnd,
    OpenCopy,
    ToClient,
    to_client,
)
from chatops.protocol.copies import CopyBegin, CopyReport
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import StreamClose


class Copying:
    """One copy: ``begin`` it, then ``run`` it to its end. When ``run`` fails because the hub, or
    the way to it, or the server's agent is away, both may be called again, and only the rest is
    sent. ``close`` in the end, as leaving a ``with`` does; ``cancel``, in any thread, ends it
    early."""

    def __init__(self, session: Session, server: str) -> None:
        self.id: Final = secrets.token_hex(16)
        self.server = server
        self._session = session
        self._stack = ExitStack()
        self._channel: Channel | None = None
        self._messages: Generator[ToClient | StreamFrame, None, None] | None = None
        self._cancelled = False
        self.began: CopyBegin | None = None
        self._partial = CopyReport()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self) -> CopyBegin:
        """Connect, and have the copy begin, or go on.

        Raises:
            ChatOpsError: it cannot, or may not.
        """
        renewed = False
        while True:
            try:
                self.began = self._begin()
            except NotSignedIn:
                if renewed or not renew(self._session):
                    raise
                renewed = True
            else:
                return self.began

    def run(self) -> CopyReport:
        """Copy what is left.

        Raises:
            ChatOpsError: it did not succeed.
        """
        assert self.began is not None, "it has begun"
        if self.began.report is not None:
            self._disconnect()
            return self.began.report
        try:
            return self._move(self.began)
        except (Lost, ProtocolError) as error:
            raise self._gone(error) from None
        finally:
            self._disconnect()

    def cancel(self) -> None:
        """Give it up for good."""
        self._cancelled = True
        channel = self._channel
        if channel is not None:
            give_up(channel)

    @property
    def partial(self) -> CopyReport:
        """What is whole where it is written, when ``run`` failed, as far as that is known here."""
        return self._partial

    def close(self) -> None:
        """Let go of everything; what is not whole leaves nothing behind here."""
        self._disconnect()

    # -- inside -----------------------------------------------------------------------------

    def _asked(self) -> OpenCopy:
        raise NotImplementedError

    def _move(self, began: CopyBegin) -> CopyReport:
        raise NotImplementedError

    def _begin(self) -> CopyBegin:
        self._disconnect()
        if self._cancelled:
            raise Cancelled("the copy was given up")
        path = f"/files/{segment(self.server)}"
        try:
            channel = self._channel = self._stack.enter_context(
                opened(self._session, path, SystemClock(), to_client())
            )
            self._messages = channel.messages()
            for message in self._messages:
                if isinstance(message, ClientAuthSuccess):
                    channel.send(self._asked())
                elif isinstance(message, CopyBegun):
                    self.server = message.server
                    return message.data
                elif isinstance(message, CopyEnd):
                    raise _told(message)
            raise Lost("the hub ended the connection")
        except (Lost, ProtocolError) as error:
            self._disconnect()
            raise self._gone(error) from None
        except BaseException:
            self._disconnect()
            raise

    def _rest(self) -> Generator[ToClient | StreamFrame, None, CopyReport]:
        """What the hub says, and at last what was copied there."""
        assert self._messages is not None, "it has begun"
        for message in self._messages:
            if isinstance(message, CopyEnd):
                if message.report is None:
                    self._partial = message.partial or self._partial
                    raise _told(message)
                return message.report
            yield message
        raise Lost("the hub ended the connection")

    def _check(self) -> None:
        if self._cancelled:
            raise Cancelled("the copy was given up")

    def _gone(self, error: Lost | ProtocolError) -> ChatOpsError:
        if self._cancelled:
            return Cancelled("the copy was given up")
        return HubUnreachable(
            f"cannot reach the hub at {self._session.address.url}: {error}",
            hint="`chatops status` tells whether the hub is there",
        )

    def _disconnect(self) -> None:
        self._channel = self._messages = None
        self._stack.close()


def give_up(channel: Channel) -> None:
    """End a copy for good: nothing of it is to be left at its other end."""
    with suppress(Lost):
        channel.send(StreamClose(stream=STREAM, reason="cancelled"))
    channel.close()


def _told(end: CopyEnd) -> ChatOpsError:
    if end.error is None:
        return ChatOpsError("the hub broke the copy off")
    return from_code(end.error.code, end.error.message, hint=end.error.hint)
