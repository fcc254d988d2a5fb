"""Tables on a terminal: fitted to its width by Rich, which is imported only for this."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatops.cli.view import Cell, Column, Style

_STYLES: Final[dict[Style, str]] = {"good": "green", "bad": "red", "warn": "yellow", "dim": "dim"}


def print_table(
    out: TextIO, columns: Sequence[Column], rows: Sequence[Sequence[Cell]], *, color: bool
) -> None:
    """Print a table without any borders. Cells are text, whatever markup they seem to hold."""
    console = Console(
        file=out, no_color=not color, force_terminal=True, markup=False, highlight=False,
        color_system="standard" if color else None, emoji=False,
    )  # fmt: skip
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        title = Text(column.title)
        table.add_column(title, justify="right" if column.right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell.text, style=_STYLES[cell.style] if cell.style else "")
                        for cell in row))  # fmt: skip
    console.print(table)
