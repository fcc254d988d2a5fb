"""Reading the stream of stored lines, from a place on or back from its end. All of it runs in a
reader's thread, on one snapshot, and for a short time: who wants more asks again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final, NamedTuple

from chatops.protocol.patterns import Finder
from chatops.protocol.rest import LogEntry
from chatops.server.crud import log_stream as crud
from chatops.server.crud.log_stream import Lines, Row
from chatops.server.db.transactions import Transaction
from chatops.units import format_time

STEP: Final = 0.05
"""Seconds that one look takes, about: then others have their turn."""
WINDOW: Final = 20_000
"""Ids that one statement looks at: none takes long, however few of its lines are wanted."""
FETCH: Final = 250
"""Lines that one statement gives."""
PAGE: Final = 1000
"""Lines in a page."""
PAGE_TEXT: Final = 64 * 1024
"""Characters of messages in a page, but for its last line: a page stays far below the largest
frame, whatever has to be escaped."""
BEHIND: Final = 100_000
"""Ids that a follower may be behind: of more it gets the last ones."""
COUNTED: Final = 1_000_000
"""Ids among which it is counted how many of its lines that leaves out."""


class Wanted(NamedTuple):
    """Lines of some servers (names by id), of some levels, of one ``source`` (None: of all), in
    which ``finder`` finds something."""

    servers: Mapping[str, str]
    levels: tuple[str, ...]
    finder: Finder | None = None
    source: str | None = None

    @property
    def lines(self) -> Lines:
        """What of this the database can tell."""
        return Lines(self.servers.keys(), self.levels)

    def takes(self, row: Row) -> bool:
        """Whether it is of the source, and the pattern is found in it."""
        if self.source is not None and row.source != self.source:
            return False
        return self.finder is None or self.finder(row.message.encode("utf-8", "replace"))

    def entry(self, row: Row) -> LogEntry:
        """The row as its reader gets it."""
        return LogEntry(
            server=self.servers[row.server_id], ts=format_time(row.ts), level=row.level,
            source=row.source, message=row.message,
        )  # fmt: skip


class Page(NamedTuple):
    """Lines, and the place behind the last one that was looked at. ``more``: there are some to look
    at. So many lines before them were ``left_out``; ``gap`` says why others may be missing."""

    rows: list[Row]
    after: int
    more: bool
    left_out: int = 0
    gap: str | None = None


class LookedBack(NamedTuple):
    """How far back it was looked: to the place ``after``, behind which all but ``missing`` of the
    lines are that are looked for. ``done``: there is no reason to look further."""

    after: int
    missing: int
    done: bool = False


def newest(tx: Transaction) -> int:
    """The place behind the last line there is."""
    found = crud.ends(tx)
    return 0 if found is None else found[1]


def look_back(tx: Transaction, wanted: Wanted, before: LookedBack) -> LookedBack:
    """Go on looking for the last lines, from where an earlier look has come."""
    over = time.monotonic() + STEP
    found = crud.ends(tx)
    first = before.after + 1 if found is None else found[0]
    after, missing = before.after, before.missing
    told = wanted.finder is None and wanted.source is None
    step = _count_back if told else _match_back
    while missing and after >= first:
        after, missing = step(tx, wanted, max(after - WINDOW, first - 1), after, missing)
        if time.monotonic() > over:
            break
    return LookedBack(after, missing, done=not missing or after < first)


def _count_back(
    tx: Transaction, wanted: Wanted, low: int, after: int, missing: int
) -> tuple[int, int]:
    """Look from ``after`` back to the place ``low`` for lines that the database can tell."""
    count = crud.count(tx, wanted.lines, low, after)
    if count < missing:
        return low, missing - count
    return crud.last_but(tx, wanted.lines, low, after, missing - 1) - 1, 0


def _match_back(
    tx: Transaction, wanted: Wanted, low: int, after: int, missing: int
) -> tuple[int, int]:
    """The same for those that have to be looked at, as far as one statement gives them."""
    over = time.monotonic() + STEP
    rows = crud.back(tx, wanted.lines, low, after, FETCH)
    for row in rows:
        after = row.id - 1
        missing -= wanted.takes(row)
        if not missing or time.monotonic() > over:
            return after, missing
    return (after if len(rows) == FETCH else low), missing


def follow(tx: Transaction, wanted: Wanted, after: int) -> Page:
    """What comes after a place, as far as the follower is not too far behind."""
    found = crud.ends(tx)
    if found is None:
        return Page([], after, more=False)
    first, last = found
    if after > last:
        return Page([], last, more=False, gap="the hub's log goes back to an earlier state")
    gap = None
    if 0 < after < first - 1:
        gap = "the hub does not keep lines that are so old"
    begin, left_out = after, 0
    if last - after > BEHIND:
        begin = last - BEHIND
        left_out = crud.count(tx, wanted.lines, max(after, begin - COUNTED), begin)
    page = read_on(tx, wanted, begin, last)
    return page._replace(left_out=left_out, gap=gap)


def read_on(tx: Transaction, wanted: Wanted, after: int, until: int) -> Page:
    """The next page of lines after a place, up to another."""
    over = time.monotonic() + STEP
    rows: list[Row] = []
    room = PAGE_TEXT
    while after < until and room > 0 and len(rows) < PAGE:
        high, limit = min(after + WINDOW, until), min(FETCH, PAGE - len(rows))
        found = crud.forward(tx, wanted.lines, after, high, limit)
        for row in found:
            after = row.id
            if wanted.takes(row):
                rows.append(row)
                room -= len(row.message)
            if room <= 0 or time.monotonic() > over:
                break
        else:
            after = after if len(found) == limit else high
        if time.monotonic() > over:
            break
    return Page(rows, after, more=after < until)
