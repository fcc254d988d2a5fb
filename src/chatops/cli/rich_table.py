"""Tables on a terminal: fitted to its width, and printed by Rich, which is imported only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from chatops.cli.view import Cell, Column, Style

_STYLES: Final[dict[Style, str]] = {"good": "green", "bad": "red", "warn": "yellow", "dim": "dim"}
_COPIED: Final = ("ID", "NAME", "SERVER", "USER", "STATUS", "METRIC", "CONDITION")
"""Columns whose words are copied and typed: broken in two they are of no use."""
_WORD: Final = 10
"""The longest word of any other column that is not broken without need."""
_GAP: Final = 2
_READABLE: Final = 40
"""Columns in which a text that may stand below its row reads well enough beside it."""


def print_table(
    out: TextIO, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, color: bool
) -> list[str]:
    """Print a table without any borders; the titles of the columns that were left out for want
    of room. Cells are text, whatever markup they seem to hold."""
    console = console_for(out, color=color)
    if columns[-1].below and not _has_room_beside(columns, rows, console.width):
        return _print_below(console, columns, rows)
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
    widths = _layout(columns, rows, width)
    return _table(columns, rows, widths), _left_out(columns, widths)


def _left_out(columns: Sequence[Column], widths: dict[int, int]) -> list[str]:
    return [column.title for number, column in enumerate(columns) if number not in widths]


def _layout(
    columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int
) -> dict[int, int]:
    """The numbers of the columns that are shown, and how wide each is."""
    texts = _texts(columns, rows)
    shown, least = _shown(columns, texts, width)
    wanted = [max(map(cell_len, texts[n])) for n in shown]
    return dict(zip(shown, _widths(least, wanted, width), strict=True))


def _table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    widths: dict[int, int],
    *,
    head: bool = True,
) -> Table:
    table = Table(
        box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="bold", show_header=head
    )
    for number, wide in widths.items():
        column = columns[number]
        table.add_column(
            Text(column.title), justify="right" if column.right else "left", width=wide,
            overflow="ellipsis" if column.cut else "fold", no_wrap=column.cut,
        )  # fmt: skip
    for row in rows:
        table.add_row(*(_text(row[number]) for number in widths))
    return table


def _text(cell: Cell) -> Text:
    return Text(cell.text, style=_STYLES[cell.style] if cell.style else "")


def _has_room_beside(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> bool:
    """Whether all else fits in one line beside so much of the last column that it reads well."""
    *others, last = (max(map(cell_len, texts)) for texts in _texts(columns, rows))
    return _fit([*others, min(last, _READABLE)], width)


def _print_below(
    console: Console, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]
) -> list[str]:
    """Print a table whose last column stands in a line of its own below each row."""
    beside = columns[:-1]
    widths = _layout(beside, [row[:-1] for row in rows], console.width)
    console.print(_table(beside, [], widths))
    for row in rows:
        console.print(_table(beside, [row], widths, head=False))
        console.print(Padding(_text(row[-1]), (0, 0, 0, _GAP), expand=False))
    return _left_out(beside, widths)


def has_room(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> bool:
    """Whether a table of all these columns fits without breaking what is copied from it."""
    texts = _texts(columns, rows)
    return _fit([_least(column, texts[n]) for n, column in enumerate(columns)], width)


def _texts(columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """All that stands in each column, its title first."""
    return [[column.title, *(row[n].text for row in rows)] for n, column in enumerate(columns)]


def _fit(widths: Sequence[int], width: int) -> bool:
    return sum(one + _GAP for one in widths) - _GAP <= width


def _least(column: Column, texts: Sequence[str]) -> int:
    """The least width of a column: all of it if it is copied or a number, else its words."""
    if column.title in _COPIED or _rigid(column):
        return max(map(cell_len, texts))
    pieces = texts if column.cut else [word for text in texts for word in text.split()]
    return max(cell_len(column.title), min(_WORD, max(map(cell_len, pieces), default=0)))


def _rigid(column: Column) -> bool:
    """Whether it is shown in one piece or not at all."""
    return column.right or column.whole


def _shown(
    columns: Sequence[Column], texts: Sequence[Sequence[str]], width: int
) -> tuple[list[int], list[int]]:
    """The numbers of the columns that are shown, and the least width of each.

    Spare ones go, from the last on, as long as that is needed; then words that are copied are
    broken, in a table without numbers rather than that anything goes; then the last columns go.
    """
    least = [_least(column, texts[n]) for n, column in enumerate(columns)]
    shown = list(range(len(columns)))
    spare = [number for number in shown if columns[number].spare]
    while spare and not _fit([least[n] for n in shown], width):
        shown.remove(spare.pop())
    if not _fit([least[n] for n in shown], width):
        numbers = any(map(_rigid, columns))
        shown = shown if numbers else list(range(len(columns)))
        least = [_broken(column, least[n], numbers=numbers) for n, column in enumerate(columns)]
    while len(shown) > 1 and not _fit([least[n] for n in shown], width):
        shown.pop()
    return shown, [min(least[n], width) for n in shown]


def _broken(column: Column, least: int, *, numbers: bool) -> int:
    """The least width of a column whose words may be broken."""
    if _rigid(column):
        return least
    return min(least, max(cell_len(column.title), _WORD if numbers else 0))


def _widths(least: Sequence[int], wanted: Sequence[int], width: int) -> list[int]:
    """The width of each column: what it needs, then of what is left an equal share, the
    narrowest first, as far as it wants more."""
    widths = list(least)
    left = width - sum(least) - _GAP * (len(least) - 1)
    order = sorted(range(len(least)), key=lambda n: wanted[n] - least[n])
    for after, number in enumerate(order):
        more = min(max(wanted[number] - least[number], 0), max(left, 0) // (len(order) - after))
        widths[number] += more
        left -= more
    return widths
