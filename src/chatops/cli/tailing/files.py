"""A file of a server as lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from chatops.cli.reopening import PASSING, reopened
from chatops.cli.tailing.cutting import LineCutter, Piece
from chatops.cli.tailing.lines import Line
from chatops.cli.tailing.shipped import shipped_lines
from chatops.client import Client
from chatops.errors import ChatOpsError, NotPermitted, Refused
from chatops.text import escape
from chatops.units import format_time

if TYPE_CHECKING:
    from chatops.client.log_feeds import FileFeed, FilePlace
    from chatops.protocol.log_feeds import FileMark


class FileLines:
    """The last lines of a file of one server, and with ``follow`` what is added to it and to the
    files that take its place. ``described``: what the lines say of their time and level is read."""

    def __init__(
        self, client: Client, server: str, path: str, say: Callable[[str], None],
        *, lines: int, follow: bool, described: bool,
    ) -> None:  # fmt: skip
        self.name = server
        self._client = client
        self._path = path
        self._say_it = say
        self._lines = lines
        self._follow = follow
        self._described = described
        self._place: FilePlace | None = None
        self._cutter = LineCutter()
        self._file = ""

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, to the file's end or (followed) without one.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        with self._client:
            try:
                feed = self._open()
            except (Refused, NotPermitted) as error:
                yield from self._shipped(error)
            else:
                yield from self._follow_on(feed)

    def _shipped(self, error: ChatOpsError) -> Iterator[Sequence[Line]]:
        return shipped_lines(
            self._client, self.name, self._path, error, self._say, lines=self._lines,
            follow=self._follow,
        )  # fmt: skip

    def _follow_on(self, feed: FileFeed) -> Iterator[Sequence[Line]]:
        while True:
            try:
                yield from self._read(feed)
                break
            except PASSING as error:
                if not self._follow:
                    raise
                feed = reopened(self._open, error, self._say)
        yield self._made(self._cutter.rest(), feed.server)

    def _say(self, text: str) -> None:
        self._say_it(f"{escape(self.name)}: {text}")

    def _open(self) -> FileFeed:
        return self._client.logs.file(
            self.name, self._path, lines=self._lines, follow=self._follow, place=self._place
        )

    def _read(self, feed: FileFeed) -> Iterator[Sequence[Line]]:
        try:
            for item in feed:
                self._place = feed.place
                if isinstance(item, bytes):
                    yield self._made(self._cutter.cut(item), feed.server)
                else:
                    yield self._made(self._turn(item), feed.server)
        finally:
            feed.close()

    def _turn(self, mark: FileMark) -> Iterator[Piece]:
        """Say what is new. Where another file begins, no line of the one before goes on."""
        path = escape(self._path)
        if mark.news == "next":
            self._say(f"{path} is another file from here on")
        elif mark.news == "missing":
            self._say(f"{path} is another file from here on; a part before was gone unread")
        elif mark.news == "gone":
            self._say(f"{path}: {escape(mark.error or 'it is gone')}; waiting for it")
        if mark.file != self._file:
            self._file = mark.file
            yield from self._cutter.rest()

    def _made(self, pieces: Iterable[Piece], server: str) -> Sequence[Line]:
        if self._described:
            return list(self._read_lines(pieces, server))
        return [Line(server, one.message, source=self._path, ended=one.ended) for one in pieces]

    def _read_lines(self, pieces: Iterable[Piece], server: str) -> Iterator[Line]:
        from chatops.protocol.line_formats import read

        now = time.time()
        for one in pieces:
            said = read(one.message.decode("utf-8", "replace"), now)
            ts = None if said.ts is None else format_time(said.ts)
            yield Line(server, one.message, ts, said.level, self._path, one.ended)
