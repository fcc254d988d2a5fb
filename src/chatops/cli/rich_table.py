"""Tables on a terminal: fitted to its width by Rich, which is imported only for this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatops.cli.view import Cell, Column, Style

_STYLES: Final[dict[Style, str]] = {"good": "green", "bad": "red", "warn": "yellow", "dim": "dim"}
_COPIED: Final = ("ID", "NAME", "SERVER", "USER", "STATUS")
"""Columns whose words are copied and typed: broken in two they are of no use."""
_LEAST: Final = 6


def print_table(
    out: TextIO, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, color: bool
) -> None:
    """Print a table without any borders. Cells are text, whatever markup they seem to hold."""
    console = Console(
        file=out, no_color=not color, force_terminal=True, markup=False, highlight=False,
        color_system="standard" if color else None, emoji=False,
    )  # fmt: skip
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    whole = _whole(columns, rows, console.width)
    for number, column in enumerate(columns):
        table.add_column(
            Text(column.title), justify="right" if column.right else "left", overflow="fold",
            no_wrap=number in whole,
        )  # fmt: skip
    for row in rows:
        table.add_row(*(Text(cell.text, style=_STYLES[cell.style] if cell.style else "")
                        for cell in row))  # fmt: skip
    console.print(table)


def _whole(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> frozenset[int]:
    """Which columns are never broken: those that are copied, if the others have room beside."""
    found = frozenset(n for n, column in enumerate(columns) if column.title in _COPIED)
    needed = sum(max([len(columns[n].title), *(len(row[n].text) for row in rows)]) for n in found)
    others = len(columns) - len(found)
    return found if needed + _LEAST * others + 2 * len(columns) <= width else frozenset()
