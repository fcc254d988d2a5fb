"""The journal of a server's unit as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from chatops.cli.tailing.feeds import FeedLines
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import Line
from chatops.client import Client
from chatops.text import escape
from chatops.units import format_time

if TYPE_CHECKING:
    from chatops.client.log_feeds import UnitFeed
    from chatops.protocol.log_feeds import UnitEntry


class UnitLines(FeedLines["UnitFeed"]):
    """The last entries of a unit's journal of one server that are wanted, followed also those that
    come."""

    def __init__(
        self, client: Client, server: str, unit: str, say: Callable[[str], None], wanted: Wanted
    ) -> None:
        name = unit if "." in unit else f"{unit}.service"
        super().__init__(client, server, f"unit:{name}", say, wanted)
        self._unit = unit
        self._lines: int | None = wanted.brought
        self._after: str | None = None

    def _begin(self) -> UnitFeed:
        if self._following and self._lines == 0:
            self._find_end()
        return self._open()

    def _find_end(self) -> None:
        """Where to begin, so that a lost connection can be told from it too."""
        feed = self._client.logs.unit(self.name, self._unit, lines=1)
        for entry in feed:
            self._after = entry.cursor
        self._lines = None

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
