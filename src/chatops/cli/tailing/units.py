"""The journal of a server's unit as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from chatops.cli.reopening import PASSING, reopened
from chatops.cli.several import named
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Line
from chatops.cli.tailing.shipped import shipped_lines
from chatops.client import Client
from chatops.errors import ChatOpsError, NotPermitted, Refused
from chatops.text import escape
from chatops.units import format_time

if TYPE_CHECKING:
    from chatops.client.log_feeds import UnitFeed
    from chatops.protocol.log_feeds import UnitEntry


class UnitLines:
    """The last entries of a unit's journal of one server that are wanted, followed also those that
    come."""

    def __init__(
        self, client: Client, server: str, unit: str, say: Callable[[str], None], wanted: Wanted
    ) -> None:
        self.name = server
        self._client = client
        self._unit = unit
        self._say_it = say
        self._wanted = wanted
        self._lines: int | None = wanted.brought
        self._following = wanted.follow and not wanted.looks
        self._after: str | None = None

    def lines(self) -> Iterator[Sequence[Line]]:
        """Entries as they come, to the journal's end or (followed) without one.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        with self._client:
            try:
                feed = self._begin()
            except (Refused, NotPermitted) as error:
                yield from self._shipped(error)
            else:
                yield from self._chosen(feed)

    def _begin(self) -> UnitFeed:
        if self._following and self._lines == 0:
            self._find_end()
        return self._open()

    def _shipped(self, error: ChatOpsError) -> Iterator[Sequence[Line]]:
        name = self._unit if "." in self._unit else f"{self._unit}.service"
        return shipped_lines(
            self._client, self.name, f"unit:{name}", error, self._say, self._wanted
        )  # fmt: skip

    def _chosen(self, feed: UnitFeed) -> Iterator[Sequence[Line]]:
        """The wanted entries. Where the last ones are looked for the journal is read to its end
        first; another feed goes on behind that."""
        if feed.notice is not None:
            self._say(escape(feed.notice))
        if not self._wanted.looks:
            yield from map(self._wanted.filter.of, self._whole(feed))
            return
        yield self._wanted.last(self._whole(feed), self._say)
        if self._wanted.follow:
            self._following = True
            yield from map(self._wanted.filter.of, self._whole(None))

    def _whole(self, feed: UnitFeed | None) -> Iterator[Sequence[Line]]:
        """A feed (None: one from the present place on), and those that go on where it was lost."""
        while True:
            try:
                feed = feed or self._open()
                yield from self._read(feed)
                return
            except PASSING as error:
                if not self._wanted.follow:
                    raise
                feed = reopened(self._open, error, self._say)

    def _find_end(self) -> None:
        """Where to begin, so that a lost connection can be told from it too."""
        feed = self._client.logs.unit(self.name, self._unit, lines=1)
        for entry in feed:
            self._after = entry.cursor
        self._lines = None

    def _say(self, text: str) -> None:
        self._say_it(named(self.name, text))

    def _open(self) -> UnitFeed:
        feed = self._client.logs.unit(
            self.name, self._unit, lines=self._lines, follow=self._following, after=self._after
        )
        self._lines = None  # if there was none, all that come are new
        return feed

    def _read(self, feed: UnitFeed) -> Iterator[Sequence[Line]]:
        try:
            for entries in feed.batches():
                if any(entry.missing for entry in entries):
                    self._say(f"a part of the journal of {escape(feed.name)} is gone")
                if entries:
                    self._after = entries[-1].cursor
                yield [_line(feed, entry) for entry in entries]
        finally:
            feed.close()


def _line(feed: UnitFeed, entry: UnitEntry) -> Line:
    return Line(
        feed.server, entry.message.encode(), format_time(entry.ts), entry.level,
        f"unit:{feed.name}",
    )  # fmt: skip
