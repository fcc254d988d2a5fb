"""Lines that belong together into one entry: a traceback is one thing that happened. Pure."""

from __future__ import annotations

import re
from typing import Final

from chatops.agent.logs.lines import LONGEST, Line

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
