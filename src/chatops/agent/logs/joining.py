"""Lines that belong together into one entry: a traceback is one thing that happened. Pure."""

from __future__ import annotations

import re
from typing import Any, Final

from chatops.agent.logs.lines import LONGEST, Line
from chatops.agent.logs.source import Entry

MOST: Final = 500
"""Lines of an entry; one more begins another."""


class Joiner:
    """``start`` is the pattern of an entry's first line; without one each line is an entry."""

    def __init__(self, start: re.Pattern[str] | None, longest: int = LONGEST) -> None:
        self._start = start
        self._longest = longest
        self._held: list[Line] = []
        self._size = 0

    @property
    def holds(self) -> bool:
        """Whether an entry waits for what may still belong to it."""
        return bool(self._held)

    def feed(self, line: Line) -> list[Line]:
        """The entries that are whole now that this line has come."""
        if self._start is None:
            return [line]
        done = []
        if self._held and (self._start.search(line.text) or self._is_full(line)):
            done = self.finish()
        self._held.append(line)
        self._size += len(line.data) + 1
        return done

    def finish(self) -> list[Line]:
        """The entry that waits: nothing more belongs to it."""
        if not self._held:
            return []
        entry = Line(
            b"\n".join(line.data for line in self._held),
            self._held[-1].end,
            sum(line.left_out for line in self._held),
        )
        self._held.clear()
        self._size = 0
        return [entry]

    def _is_full(self, line: Line) -> bool:
        return len(self._held) >= MOST or self._size + len(line.data) > self._longest


class EntryJoiner:
    """The same of entries that say more than their lines: they are joined if they are of the same
    source. The first one's time and level count, and the last one's place."""

    def __init__(self, start: re.Pattern[str] | None) -> None:
        self._joiner = Joiner(start)
        self._first: Entry | None = None
        self._mark: Any = None

    @property
    def holds(self) -> bool:
        """Whether an entry waits for what may still belong to it."""
        return self._joiner.holds

    def feed(self, entry: Entry) -> list[Entry]:
        """The entries that are whole now."""
        done = self.finish() if self._first and self._first.source != entry.source else []
        lines = self._joiner.feed(entry.line)
        if not self._joiner.holds:
            return [*done, entry]  # each line is one
        done += self._joined(lines)
        self._first = self._first or entry
        self._mark = entry.mark
        return done

    def finish(self) -> list[Entry]:
        """The entry that waits."""
        return self._joined(self._joiner.finish())

    def _joined(self, lines: list[Line]) -> list[Entry]:
        first, mark = self._first, self._mark
        if not lines or first is None:
            return []
        self._first = None
        return [first._replace(line=line, mark=mark) for line in lines]
