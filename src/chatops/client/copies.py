"""Copies of files to servers and from them: one connection at a time, and what is left of it."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from typing import Final

from chatops.client.channel import Channel, Lost, opened, renew
from chatops.client.copy_window import STREAM, Outgoing, Stopped, Window
from chatops.client.session import Session, segment
from chatops.clock import SystemClock
from chatops.copying.destination import settle
from chatops.copying.naming import base_name, readable_path
from chatops.copying.receiving import Receiver
from chatops.copying.sending import Source
from chatops.errors import (
    Cancelled,
    ChatOpsError,
    Conflict,
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
from chatops.protocol.copies import CopyBegin, CopyPlace, CopyReport
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import StreamClose, StreamCredit

_OTHERS_WRITE: Final = 0o022
"""Bits that a server cannot set here against the umask: no hostile one makes a file, or a folder,
in somebody's home that others may write to."""
Progress = Callable[[int], None]
"""Told how many bytes more were sent or came; in any thread."""


class Copying:
    """One copy: ``begin`` it, then ``run`` it to its end. When ``run`` fails because the hub, or
    the way to it, or the server's agent is away, both may be called again, and only the rest is
    sent. ``close`` in the end; ``cancel``, in any thread, ends it early."""

    def __init__(self, session: Session, server: str, progress: Progress) -> None:
        self.id: Final = secrets.token_hex(16)
        self.server = server
        self._session = session
        self._progress = progress
        self._stack = ExitStack()
        self._channel: Channel | None = None
        self._messages: Generator[ToClient | StreamFrame, None, None] | None = None
        self._cancelled = False
        self.began: CopyBegin | None = None

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
            _give_up(channel)

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


class Upload(Copying):
    """A copy of ``source`` to ``path`` on a server; it closes the source."""

    def __init__(
        self, session: Session, server: str, source: Source, name: bytes, path: bytes,
        progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(session, server, progress)
        self._source = source
        self._name = name
        self._path = path

    def close(self) -> None:
        """Let go of everything, the source too."""
        super().close()
        self._source.close()

    def _asked(self) -> OpenCopy:
        return OpenCopy(id=self.id, path=self._path, to_server=True, name=self._name)

    def _move(self, began: CopyBegin) -> CopyReport:
        assert self._channel is not None, "it has begun"
        window, channel = Window(), self._channel
        failed: list[Exception] = []

        def send() -> None:
            try:
                self._send(channel, window, began.place)
            except (Stopped, Lost):
                return
            except Exception as error:  # noqa: BLE001  (raised below, by who waits here)
                failed.append(error)
                _give_up(channel)

        sender = threading.Thread(target=send, name="chatops-copy", daemon=True)
        sender.start()
        rest = self._rest()
        try:
            while True:
                message = next(rest)
                if isinstance(message, StreamCredit):
                    window.grant(message.credit)
        except StopIteration as end:
            report: CopyReport = end.value
            return report
        except Lost:
            if failed:
                raise failed[0] from None
            raise
        finally:
            window.stop()
            sender.join()

    def _send(self, channel: Channel, window: Window, place: CopyPlace | None) -> None:
        outgoing = Outgoing(channel.send, window)
        self._source.go_on = outgoing.work
        for chunk in self._source.chunks(place):
            outgoing.put(chunk)
            self._progress(len(chunk))


class Download(Copying):
    """A copy of what is at ``path`` on a server to ``destination`` here."""

    def __init__(
        self, session: Session, server: str, path: bytes, destination: bytes, progress: Progress,
        *, recursive: bool,
    ) -> None:  # fmt: skip
        super().__init__(session, server, progress)
        self._path = path
        self._destination = destination
        self._recursive = recursive
        self._receiver: Receiver | None = None

    def close(self) -> None:
        """Let go of everything; of a file that is not whole nothing is left."""
        super().close()
        if self._receiver is not None:
            self._receiver.abandon()

    def _asked(self) -> OpenCopy:
        place = self._receiver.place if self._receiver is not None else None
        return OpenCopy(id=self.id, path=self._path, recursive=self._recursive, place=place)

    def _move(self, began: CopyBegin) -> CopyReport:
        receiver = self._receiver = self._receiver or self._begun()
        receiver.resume()
        receiver.takes_folders, receiver.go_on = self._recursive, self._check
        for message in self._rest_until_whole(receiver):
            if isinstance(message, StreamFrame):
                try:
                    receiver.feed(message.data)
                except ProtocolError as error:  # no trouble that goes by
                    raise Conflict(f"{self.server} does not send a copy: {error}") from None
                self._progress(len(message.data))
        if not receiver.whole:
            raise Lost("the hub ended the copy early")
        return receiver.report

    def _rest_until_whole(
        self, receiver: Receiver
    ) -> Generator[ToClient | StreamFrame, None, None]:
        """A copy that is whole here is so, though its last word should be lost."""
        try:
            yield from self._rest()
        except Lost:
            if not receiver.whole:
                raise

    def _begun(self) -> Receiver:
        found = settle(self._destination, base_name(self._path), _hold)
        receiver = Receiver(self.id, found.folder, found.name, readable_path(found.path))
        receiver.denied = _umask() & _OTHERS_WRITE
        return receiver


class Copies:
    """``client.copies``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def upload(
        self, server: str, source: Source, name: bytes, path: bytes,
        progress: Progress = lambda count: None,
    ) -> Upload:  # fmt: skip
        """A copy of ``source``, called ``name`` where ``path`` is a folder, to a server."""
        return Upload(self._session, server, source, name, path, progress)

    def download(
        self, server: str, path: bytes, destination: bytes,
        progress: Progress = lambda count: None, *, recursive: bool = False,
    ) -> Download:  # fmt: skip
        """A copy of what is at ``path`` on a server to ``destination`` here."""
        return Download(self._session, server, path, destination, progress, recursive=recursive)


def _give_up(channel: Channel) -> None:
    with suppress(Lost):
        channel.send(StreamClose(stream=STREAM, reason="cancelled"))
    channel.close()


def _told(end: CopyEnd) -> ChatOpsError:
    if end.error is None:
        return ChatOpsError("the hub broke the copy off")
    return from_code(end.error.code, end.error.message, hint=end.error.hint)


def _umask() -> int:
    """Read by setting it; what another thread makes meanwhile has fewer rights, and not more."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _hold(path: bytes) -> int:
    from chatops.copying.naming import in_words

    try:
        return os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise in_words(error, readable_path(path)) from None
