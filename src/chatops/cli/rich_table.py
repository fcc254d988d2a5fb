"""Tables on a terminal: fitted to its width by Rich, which is imported only for this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatops.cli.view import Cell, Column, Style

_STYLES: Final[dict[Style, str]] = {"good": "green", "bad": "red", "warn": "yellow", "dim": "dim"}
_COPIED: Final = ("ID", "NAME", "SERVER", "USER", "STATUS", "METRIC")
"""Columns whose words are copied and typed: broken in two they are of no use."""
_WORD: Final = 10
"""The longest word of any other column that is not broken without need."""
_GAP: Final = 2


def print_table(
    out: TextIO, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, color: bool
) -> list[str]:
    """Print a table without any borders; the titles of the columns that were left out for want
    of room. Cells are text, whatever markup they seem to hold."""
    console = console_for(out, color=color)
    table, left_out = table_of(columns, rows, console.width)
    console.print(table)
    return left_out


def console_for(out: TextIO, *, color: bool) -> Console:
    """A terminal in which nothing is markup."""
    return Console(
        file=out, no_color=not color, force_terminal=True, markup=False, highlight=False,
        color_system="standard" if color else None, emoji=False,
    )  # fmt: skip


def table_of(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int
) -> tuple[Table, list[str]]:
    """A table for so many columns of a terminal, and the titles of what was left out of it."""
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold")
    least = [_least(column, [row[n].text for row in rows]) for n, column in enumerate(columns)]
    shown, fits = _shown(columns, least, width)
    for number in shown:
        column, copied = columns[number], columns[number].title in _COPIED
        table.add_column(
            Text(column.title), justify="right" if column.right else "left", overflow="fold",
            no_wrap=(copied and fits) or column.whole,
            min_width=least[number] if fits or column.whole else len(column.title),
        )  # fmt: skip
    for row in rows:
        cells = [row[number] for number in shown]
        table.add_row(*(Text(cell.text, style=_STYLES[cell.style] if cell.style else "")
                        for cell in cells))  # fmt: skip
    return table, [column.title for number, column in enumerate(columns) if number not in shown]


def has_room(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> bool:
    """Whether a table of all these columns fits without breaking what is copied from it."""
    least = [_least(column, [row[n].text for row in rows]) for n, column in enumerate(columns)]
    return sum(one + _GAP for one in least) - _GAP <= width


def _least(column: Column, texts: Sequence[str]) -> int:
    """The least width of a column: all of it if it is copied, else its words."""
    if column.title in _COPIED or column.whole:
        return max(len(column.title), *map(len, texts), 0)
    words = [word for text in texts for word in text.split()]
    return max(len(column.title), min(_WORD, max(map(len, words), default=0)))


def _shown(columns: Sequence[Column], least: Sequence[int], width: int) -> tuple[list[int], bool]:
    """The numbers of the columns that are shown, and whether each has its least width then.
    Spare ones go, from the last on, as long as that is needed and helps."""
    shown = list(range(len(columns)))
    spare = [number for number in shown if columns[number].spare]
    while not (fits := sum(least[n] + _GAP for n in shown) - _GAP <= width) and spare:
        shown.remove(spare.pop())
    if fits or any(column.whole for column in columns):
        return shown, fits
    return list(range(len(columns))), False
