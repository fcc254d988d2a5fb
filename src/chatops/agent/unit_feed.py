"""The journal of a unit as the source of a feed, read by a journalctl of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, Final

import msgspec

from chatops.agent.feeds import Feed, FeedEnded, FeedError
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.logs import journalctl
from chatops.agent.logs.journal_entries import EntryReader, JournalEntry, NoEntry
from chatops.protocol.limits import MAX_STREAM_DATA, KiB
from chatops.protocol.log_feeds import LogFeedBegin, UnitArgs, UnitEntry
from chatops.text import shown

_SOME: Final = 64 * KiB
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9:_.@\\-]{0,254}")
_TYPES: Final = (
    "service", "socket", "device", "mount", "automount", "swap", "target", "path", "timer", "slice",
    "scope",
)  # fmt: skip
_CURSOR: Final = re.compile(r"[A-Za-z0-9=;]{1,300}")


def whole_name(unit: str) -> str:
    """The unit's whole name: what has no type is a service, as for systemctl.

    Raises:
        FeedError: it is no name of one unit.
    """
    if not _NAME.fullmatch(unit):
        raise FeedError("invalid", f"{shown(unit)} is no name of a unit")
    return unit if unit.rpartition(".")[2] in _TYPES else f"{unit}.service"


def read_unit(policy: FilesPolicy, args: UnitArgs, feed: Feed) -> None:
    """Write the entries of a unit's journal to a feed.

    Raises:
        FeedError: they cannot be read, or may not.
        FeedEnded: nobody takes them any more.
    """
    unit = whole_name(args.unit)
    if not policy.reads(unit):
        why = f"files.units does not name {unit}" if policy.units else "it has no files.units"
        raise FeedError("not_allowed", f"the agent's policy does not allow this: {why}")
    if args.after and not _CURSOR.fullmatch(args.after):
        raise FeedError("invalid", "the cursor is none of a journal")
    try:
        notice = journalctl.complaint()
        program = journalctl.program()
    except journalctl.NoJournal as error:
        raise FeedError("conflict", str(error)) from None
    if notice == journalctl.NO_JOURNAL:
        raise FeedError("conflict", notice)
    reading = _UnitFeed(program, unit, args, feed)
    reading.read_stored(lambda: feed.accept(LogFeedBegin(name=unit, notice=notice)))
    if args.follow:
        reading.follow()


class _UnitFeed:
    """Two journalctl take turns: newer ones that follow do so in the present boot only."""

    def __init__(self, program: str, unit: str, args: UnitArgs, feed: Feed) -> None:
        self._program = program
        self._unit = unit
        self._args = args
        self._feed = feed
        self._cursor = args.after
        """The last entry that was read; "": none."""

    def read_stored(self, begun: Callable[[], None]) -> None:
        """Those that there are; ``begun`` is called when a journalctl runs."""
        lines = self._args.lines
        if self._cursor:
            self._run(begun, cursor=self._cursor)
        elif lines == 0:
            self._run(begun, last=1, silent=True)
        else:
            self._run(begun, last=lines)

    def follow(self) -> None:
        """Those that come from then on."""
        self._run(lambda: None, cursor=self._cursor or None, follow=True)

    def _run(self, begun: Callable[[], None], *, silent: bool = False, **how: Any) -> None:
        words = [self._program, *journalctl.arguments([self._unit], **how)]
        with _running(words, self._feed) as output:
            begun()
            reader, known = EntryReader(), self._cursor
            while data := output.read(_SOME):
                entries = _entries(reader, data)
                if entries and entries[0].cursor == known:
                    del entries[0]
                    known = ""
                if entries:
                    self._cursor = entries[-1].cursor
                    self._send([] if silent else entries, missing=bool(known))
                    known = ""

    def _send(self, entries: list[JournalEntry], *, missing: bool) -> None:
        lines = [_line(one, missing=missing and one is entries[0]) for one in entries]
        text = b"".join(lines)
        for at in range(0, len(text), MAX_STREAM_DATA):
            self._feed.write("stdout", text[at : at + MAX_STREAM_DATA])


@contextmanager
def _running(words: list[str], feed: Feed) -> Iterator[IO[bytes]]:
    """What a program writes. It is ended with the feed, and at the end of the block; one that fails
    by itself makes the feed fail."""
    with os.fdopen(os.memfd_create("journalctl"), "w+b") as said:
        try:
            process = subprocess.Popen(
                words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, bufsize=0,
                env=journalctl.environment(), cwd="/",
            )  # fmt: skip
        except OSError as error:
            text = f"journalctl cannot be started: {error.strerror}"
            raise FeedError("conflict", text) from None
        feed.on_end(process.kill)
        try:
            assert process.stdout is not None
            with process.stdout as output:
                yield output
            status = process.wait()
        finally:
            process.kill()
            process.wait()
        if feed.over:
            raise FeedEnded
        if status:
            said.seek(0)
            text = journalctl.sentence(said.read(_SOME).decode("utf-8", "replace"))
            raise FeedError("conflict", f"journalctl ended: {text or f'status {status}'}")


def _entries(reader: EntryReader, data: bytes) -> list[JournalEntry]:
    try:
        return reader.feed(data)
    except NoEntry:
        raise FeedError("conflict", "journalctl wrote something that is no entry") from None


def _line(entry: JournalEntry, *, missing: bool) -> bytes:
    shown = UnitEntry(
        cursor=entry.cursor, ts=entry.ts, level=entry.level, message=entry.line.text,
        missing=missing,
    )  # fmt: skip
    return msgspec.json.encode(shown) + b"\n"
