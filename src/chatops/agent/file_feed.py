"""A file as the source of a feed: its last lines, and what is added to it and to its successors.

The bytes are sent as they are, in large pieces: what a line is matters to who reads them. Between
them stand marks (see FileMark): which of the log's files follows, and a place to go on from.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from pathlib import Path
from typing import Final

import msgspec

from chatops.agent.feeds import Feed, FeedEnded, FeedError
from chatops.agent.file_place import NoPlace, taken, told
from chatops.agent.files_policy import FilesPolicy
from chatops.agent.folders import real_path
from chatops.agent.logs.directory import NoFile, Opener, look
from chatops.agent.logs.follower import Entries, FileLog
from chatops.agent.logs.lines import Pieces
from chatops.agent.logs.places import Found, Place, Seen, first_place
from chatops.agent.opening import OpeningError, open_file
from chatops.protocol.limits import KiB
from chatops.protocol.log_feeds import FileArgs, FileMark, FileNews, LogFeedBegin
from chatops.text import shown

PAUSE: Final = 0.1
"""Seconds between two looks at a file to which nothing was added."""
GONE_FOR: Final = 2.0
"""Seconds for which a file may be missing before that is said: it may just be rotated."""
_BLOCK: Final = 64 * KiB
_KERNELS: Final = "this file of the kernel has no size, so nothing of it is read"


def read_file(policy: FilesPolicy, args: FileArgs, feed: Feed) -> None:
    """Write a file to a feed.

    Raises:
        FeedError: it cannot be read, or may not.
        FeedEnded: nobody takes it any more.
    """
    path = _path(args.path)
    opener = functools.partial(open_file, folders=policy.allowed_folders)
    opened = _open(path, opener, may_miss=bool(args.place and args.follow))
    size = None
    try:
        seen = _resumed(args) if args.place else Seen()
        notice = _KERNELS if opened is not None and _is_of_the_kernel(*opened) else None
        feed.accept(LogFeedBegin(name=str(path), notice=notice))
        if opened is not None:
            descriptor, found = opened
            size = found.size
            if not args.place:
                seen = _begun(found, last_lines(descriptor, size, args.lines, feed))
    finally:
        if opened is not None:
            os.close(opened[0])
    log = FileLog(path, seen, opener=opener, cutter=Pieces)
    try:
        _FileFeed(log, seen, feed).run(None if args.follow else size)
    finally:
        log.close()


def last_lines(descriptor: int, size: int, count: int | None, feed: Feed) -> int:
    """Where the ``count`` last lines begin in the first ``size`` bytes of a file; 0: all of them.

    Raises:
        FeedEnded: nobody waits for it any more.
    """
    if count is None or size == 0:
        return 0
    left = count + (os.pread(descriptor, 1, size - 1) == b"\n")  # the last one's end ends no other
    end = size
    while end > 0 and left > 0:
        if feed.over:
            raise FeedEnded
        begin = max(end - _BLOCK, 0)
        block = os.pread(descriptor, end - begin, begin)
        found = block.count(b"\n")
        if found >= left:
            return begin + _nth_last(block, left) + 1
        left, end = left - found, begin
    return end if left == 0 else 0


def _nth_last(block: bytes, number: int) -> int:
    at = len(block)
    for _ in range(number):
        at = block.rindex(b"\n", 0, at)
    return at


class _FileFeed:
    """Passes on what a log's follower reads."""

    def __init__(self, log: FileLog, seen: Seen, feed: Feed) -> None:
        self._log = log
        self._feed = feed
        self._ended = threading.Event()
        self._known = {one.id for one in seen.places}
        self._begun = any(one.head_size for one in seen.places)
        """Whether there was anything in the files that are known: else what comes is no news."""
        self._lost = 0
        self._marked: object = None
        self._gone_since: float | None = None
        self._gone_said: str | None = None
        feed.on_end(self._ended.set)

    def run(self, size: int | None) -> None:
        """Until nobody takes it; with a ``size`` only to the end, or so far in the newest file."""
        if self._log.seen.places:
            self._mark(self._log.seen.places[-1].id)
        while True:
            now = time.monotonic()
            entries = self._log.poll(now)
            if entries is not None:
                self._send(entries)
            if size is not None and (entries is None or self._is_far_enough(entries, size)):
                return
            if entries is None:
                self._look_for_it(now)
                if self._ended.wait(PAUSE):
                    raise FeedEnded

    def _is_far_enough(self, entries: Entries, size: int) -> bool:
        newest = self._log.seen.places[-1].id
        return entries.epoch == newest and entries.lines[-1].end >= size

    def _send(self, entries: Entries) -> None:
        self._mark(entries.epoch)
        self._begun = True
        for piece in entries.lines:
            self._feed.write("stdout", piece.data)
            self._log.acked(entries.epoch, piece.end)

    def _mark(self, epoch: str) -> None:
        """Say where the next bytes stand, if that does not follow from what was said before. As
        long as a file has few bytes its place does not tell it well from others, so each time when
        more of its beginning is known its place is told again."""
        seen = self._log.seen
        now = epoch, [(one.id, one.head_size) for one in seen.places]
        if now != self._marked:
            news = self._news(epoch)
            self._write(FileMark(place=told(seen, epoch), file=epoch, news=news))
            self._marked = now
            self._known.add(epoch)

    def _news(self, epoch: str) -> FileNews | None:
        if epoch in self._known or not self._begun:
            return None
        lost, self._lost = self._lost, self._log.lost
        return "missing" if self._lost > lost else "next"

    def _look_for_it(self, now: float) -> None:
        """Say once that there is nothing to wait at, when that has lasted."""
        error = self._log.error
        if error is None:
            self._gone_since = self._gone_said = None
            return
        if self._gone_since is None:
            self._gone_since = now
        if now - self._gone_since >= GONE_FOR and self._gone_said != error:
            self._gone_said = error
            seen = self._log.seen
            at = seen.places[-1].id if seen.places else ""
            self._write(FileMark(place=told(seen, at), file=at, news="gone", error=error))

    def _write(self, mark: FileMark) -> None:
        self._feed.write("stderr", msgspec.json.encode(mark) + b"\n")


def _path(text: str) -> Path:
    if not text.startswith("/") or "\0" in text or len(text) > os.pathconf("/", "PC_PATH_MAX"):
        raise FeedError("invalid", f"{shown(text)} is not the whole path of a file")
    return Path(text)


def _open(path: Path, opener: Opener, *, may_miss: bool) -> tuple[int, Found] | None:
    """The file as it is now; None when it is not there, and that may be."""
    try:
        descriptor = opener(path)
    except OpeningError as error:
        if may_miss and error.code == "not_found":
            return None
        raise FeedError(error.code, f"{path}: {error.reason}") from None
    try:
        return descriptor, look(path, descriptor)
    except NoFile as error:
        os.close(descriptor)
        raise FeedError("conflict", f"{path}: {error}") from None


def _is_of_the_kernel(descriptor: int, found: Found) -> bool:
    return found.size == 0 and real_path(descriptor).startswith(("/proc/", "/sys/"))


def _resumed(args: FileArgs) -> Seen:
    try:
        return taken(args.place, args.skip)
    except NoPlace:
        raise FeedError("invalid", "the place is none that this agent gave out") from None


def _begun(found: Found, offset: int) -> Seen:
    place: Place = first_place(found, start=True)
    place.offset = offset
    seen = Seen(places=[place])
    seen.note(found.mtime)
    return seen
