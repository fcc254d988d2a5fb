"""The levels of history: how fine they are, and how much of one stands in a row."""

from __future__ import annotations

from typing import Final, NamedTuple


class Level(NamedTuple):
    """A row of a level spans ``span`` seconds, in cells of ``step`` seconds."""

    name: str
    step: int
    span: int

    def place(self, second: int) -> tuple[int, int]:
        """The start of the row, and the number of the cell in it, that a second belongs to."""
        start = second - second % self.span
        return start, (second - start) // self.step


LEVELS: Final = (
    Level("minutes", 60, 3600),
    Level("ten_minutes", 600, 4 * 3600),
    Level("hours", 3600, 86_400),
)
"""The finest first. A closing reads and writes whole rows, so their spans are short."""
