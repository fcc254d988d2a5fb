"""Copies of files to servers and from them."""

from __future__ import annotations

import os
import threading
from collections.abc import Generator
from typing import Final

from chatops.client.channel import Channel, Lost
from chatops.client.copy_progress import Meter, Progress, unwatched
from chatops.client.copy_window import Outgoing, Stopped, Window
from chatops.client.copying import Copying, give_up
from chatops.client.session import Session
from chatops.copying.destination import settle
from chatops.copying.naming import base_name, readable_path
from chatops.copying.parts import clear_parts
from chatops.copying.receiving import Receiver
from chatops.copying.sending import Source
from chatops.errors import Conflict, ProtocolError
from chatops.protocol.client_messages import OpenCopy, ToClient
from chatops.protocol.copies import CopyBegin, CopyPlace, CopyReport
from chatops.protocol.frames import StreamFrame
from chatops.protocol.messages import StreamCredit

_OTHERS_WRITE: Final = 0o022
"""Bits that a server cannot set here against the umask: no hostile one makes a file, or a folder,
in somebody's home that others may write to."""


class Upload(Copying):
    """A copy of ``source`` to ``path`` on a server; it closes the source."""

    def __init__(
        self, session: Session, server: str, source: Source, name: bytes, path: bytes,
        progress: Progress,
    ) -> None:  # fmt: skip
        super().__init__(session, server)
        self._source = source
        self._meter = Meter(source.moved, progress)
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
                give_up(channel)

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
        outgoing, meter = Outgoing(channel.send, window), self._meter
        if place == CopyPlace():  # the agent has forgotten what came, if something did
            meter.again()

        def work() -> None:
            outgoing.work()
            meter.tell()

        self._source.go_on = work
        for chunk in self._source.chunks(place):
            outgoing.put(chunk)
            meter.tell()


class Download(Copying):
    """A copy of what is at ``path`` on a server to ``destination`` here."""

    def __init__(
        self, session: Session, server: str, path: bytes, destination: bytes, progress: Progress,
        *, recursive: bool,
    ) -> None:  # fmt: skip
        super().__init__(session, server)
        self._path = path
        self._destination = destination
        self._recursive = recursive
        self._progress = progress
        self._receiver: Receiver | None = None
        self._meter: Meter | None = None

    def close(self) -> None:
        """Let go of everything; of a file that is not whole nothing is left."""
        super().close()
        if self._receiver is not None:
            self._receiver.abandon()

    @property
    def partial(self) -> CopyReport:
        """What is whole here."""
        return self._receiver.report if self._receiver is not None else CopyReport()

    def _asked(self) -> OpenCopy:
        place = self._receiver.place if self._receiver is not None else None
        return OpenCopy(id=self.id, path=self._path, recursive=self._recursive, place=place)

    def _move(self, began: CopyBegin) -> CopyReport:
        receiver = self._receiver = self._receiver or self._begun()
        receiver.resume()
        meter = self._meter = self._meter or Meter(receiver.moved, self._progress)
        receiver.takes_folders, receiver.go_on = self._recursive, lambda: self._work(meter)
        for message in self._rest_until_whole(receiver):
            if isinstance(message, StreamFrame):
                try:
                    receiver.feed(message.data)
                except ProtocolError as error:  # no trouble that goes by
                    raise Conflict(f"{self.server} does not send a copy: {error}") from None
                meter.tell()
        if not receiver.whole:
            raise Lost("the hub ended the copy early")
        return receiver.report

    def _work(self, meter: Meter) -> None:
        self._check()
        meter.tell()

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
        receiver.on_old_folder = clear_parts
        clear_parts(found.folder)
        return receiver


class Copies:
    """``client.copies``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def upload(
        self, server: str, source: Source, name: bytes, path: bytes,
        progress: Progress = unwatched,
    ) -> Upload:  # fmt: skip
        """A copy of ``source``, called ``name`` where ``path`` is a folder, to a server."""
        return Upload(self._session, server, source, name, path, progress)

    def download(
        self, server: str, path: bytes, destination: bytes,
        progress: Progress = unwatched, *, recursive: bool = False,
    ) -> Download:  # fmt: skip
        """A copy of what is at ``path`` on a server to ``destination`` here."""
        return Download(self._session, server, path, destination, progress, recursive=recursive)


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
