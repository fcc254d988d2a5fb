"""A file of a server as lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from chatops.cli.tailing.cutting import LineCutter, Piece
from chatops.cli.tailing.feeds import FeedLines
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Line
from chatops.client import Client
from chatops.errors import NotFound
from chatops.text import escape
from chatops.units import format_time

if TYPE_CHECKING:
    from chatops.client.log_feeds import FileFeed, FilePlace
    from chatops.protocol.log_feeds import FileMark


class FileLines(FeedLines["FileFeed"]):
    """The last lines of a file of one server that are wanted, followed also what is added to it and
    to the files that take its place. ``described``: time and level are read from the lines."""

    def __init__(
        self, client: Client, server: str, path: str, say: Callable[[str], None],
        wanted: Wanted, *, described: bool,
    ) -> None:  # fmt: skip
        super().__init__(client, server, path, say, wanted)
        self._path = path
        self._described = described
        self._place: FilePlace | None = None
        self._cutter = LineCutter()
        self._file = ""

    def _begin(self) -> FileFeed:
        try:
            return self._open()
        except NotFound as error:
            raise self._not_there(error) from None

    def _not_there(self, error: NotFound) -> NotFound:
        if self._path not in error.message or not any(char in self._path for char in "*?["):
            return error
        text = f"{error.message}: globs are not read here"
        return NotFound(text, hint="name one file of each server")

    def _open(self) -> FileFeed:
        return self._client.logs.file(
            self.name, self._path, lines=self._wanted.brought, follow=self._following,
            place=self._place,
        )  # fmt: skip

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

    def _rest(self, feed: FileFeed) -> Iterator[Sequence[Line]]:
        if self._following or not self._wanted.follow:
            yield self._made(self._cutter.rest(), feed.server)

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
            yield from self._cutter.rest(ended=True)

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
