"""Copies as sources of feeds: what the hub may read of this host, or write to it, as a whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from chatops.agent.copy_input import CopyInput, CopyInputs, SilentError
from chatops.agent.feeds import Feed, FeedEnded, FeedError
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.kept_copies import KeptCopies
from chatops.agent.opening import OpeningError, hold_folder, open_file
from chatops.agent.part_notes import PartNotes
from chatops.copying.destination import Destination, settle
from chatops.copying.naming import in_words, readable_path
from chatops.copying.receiving import Receiver
from chatops.copying.sending import Source
from chatops.errors import ChatOpsError, from_code
from chatops.protocol.copies import CopyBegin, CopyInArgs, CopyOutArgs, CopyReport
from chatops.protocol.limits import COPY_SILENT


class Copies:
    """Reads and writes them. ``folder``, of the agent's own, holds what it must not forget."""

    def __init__(self, folder: Path, patience: float = COPY_SILENT) -> None:
        self.inputs = CopyInputs(patience)
        self._kept = KeptCopies()
        self._notes = PartNotes(folder)

    def start(self) -> None:
        """Do away with what an agent that was killed left behind."""
        self._notes.clear()

    def close(self) -> None:
        """The agent stops: what is not whole leaves nothing behind."""
        self._kept.close()
        self._notes.close()

    def read(self, policy: FilesPolicy, args: CopyOutArgs, feed: Feed) -> None:
        """Write a file or folder to a feed.

        Raises:
            FeedError: it cannot be read, or may not.
            FeedEnded: nobody takes it any more.
        """
        with _in_words(args.path):
            path = _path(args.path)
            descriptor = open_file(path, policy.allowed_folders, or_folder=True)
            try:
                source = Source(
                    descriptor, readable_path(args.path), recursive=args.recursive,
                    reader="chatops exec SERVER cat",
                )  # fmt: skip
            except BaseException:
                os.close(descriptor)
                raise
            try:
                source.go_on = lambda: _check(feed)
                size = source.total() if args.place is None else source.size
                feed.accept(CopyBegin(folder=source.is_folder, size=size))
                for chunk in source.chunks(args.place):
                    feed.write("stdout", chunk)
                _tell(feed, source.report)
            finally:
                source.close()

    def write(self, policy: FilesPolicy, args: CopyInArgs, feed: Feed) -> None:
        """Write what the hub sends.

        Raises:
            FeedError: it cannot be written, or may not.
            FeedEnded: the connection was cut; what came is kept for a while.
            SilentError: nothing came for too long; the same.
        """
        if not policy.may_write:
            text = "the agent's policy lets nobody write files: it has no files.write"
            raise FeedError("not_allowed", text)
        with _in_words(args.path), self._kept.held(args.id, feed):
            given = self.inputs.open(args.input, feed)
            try:
                receiver = self._kept.take(args.id, args.path) or self._begun(policy, args)
                self._receive(receiver, given, args, feed)
            finally:
                self.inputs.close(given)

    def _begun(self, policy: FilesPolicy, args: CopyInArgs) -> Receiver:
        found = _settled(policy, args)
        try:
            part = self._notes.add(found.folder, found.name)
        except BaseException as error:
            os.close(found.folder)
            if isinstance(error, OSError):
                raise in_words(error, "the agent's data folder") from None
            raise
        receiver = Receiver(part, found.folder, found.name, readable_path(found.path))
        receiver.on_end = lambda: self._notes.remove(part)
        return receiver

    def _receive(self, receiver: Receiver, given: CopyInput, args: CopyInArgs, feed: Feed) -> None:
        try:
            receiver.resume()
            receiver.go_on = lambda: _check(feed)
            report = receiver.report if receiver.whole else None
            feed.accept(CopyBegin(place=receiver.place, report=report))
            given.begin()
            while not receiver.whole:
                receiver.feed(given.read())
            _tell(feed, receiver.report)
        except FeedEnded:
            if feed.over and not given.cancelled:
                self._kept.keep(args.id, args.path, receiver)
            else:
                receiver.abandon()
            raise
        except SilentError:
            self._kept.keep(args.id, args.path, receiver)
            raise
        except ChatOpsError:
            receiver.abandon()
            _tell(feed, receiver.report)  # what is whole stays
            raise
        except BaseException:
            receiver.abandon()
            raise


def _settled(policy: FilesPolicy, args: CopyInArgs) -> Destination:
    def hold(path: bytes) -> int:
        try:
            return hold_folder(_path(path), policy.write_folders, policy.write_rule)
        except OpeningError as error:
            reason = "there is no such folder" if error.code == "not_found" else error.reason
            code = "refused" if error.code == "not_allowed" else error.code
            raise from_code(code, f"{readable_path(path)}: {reason}") from None

    return settle(args.path, args.name, hold)


def _check(feed: Feed) -> None:
    if feed.over:
        raise FeedEnded


def _tell(feed: Feed, report: CopyReport) -> None:
    feed.write("stderr", msgspec.json.encode(report) + b"\n")


def _path(path: bytes) -> Path:
    if not path.startswith(b"/") or b"\0" in path or len(path) > os.pathconf("/", "PC_PATH_MAX"):
        raise FeedError("invalid", f"{readable_path(path)!r} is not a whole path")
    return Path(os.fsdecode(path))


@contextmanager
def _in_words(path: bytes) -> Iterator[None]:
    """What goes wrong within, as the hub is told of it."""
    try:
        yield
    except OpeningError as error:
        raise FeedError(error.code, f"{readable_path(path)}: {error.reason}") from None
    except ChatOpsError as error:
        text = f"{error.message}: {error.hint}" if error.hint else error.message
        raise FeedError(error.code, text) from None
