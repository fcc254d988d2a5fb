"""Tables as plain text: one row a line, aligned by spaces, never cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from chatops.cli.view import Cell, Column, Style

ANSI: Final[dict[Style, str]] = {"good": "32", "bad": "31", "warn": "33", "dim": "2"}


def paint(text: str, style: Style | None, *, color: bool) -> str:
    """``text`` in a style, where colour is wanted."""
    return f"\x1b[{ANSI[style]}m{text}\x1b[0m" if color and style and text else text


def plain_lines(
    columns: Sequence[Column],
    rows: Sequence[Sequence[Cell]],
    *,
    color: bool,
    widths: Sequence[int] | None = None,
) -> list[str]:
    """The head and the rows. ``widths`` are at least kept, for tables that still grow."""
    head = [Cell(column.title) for column in columns]
    least = list(widths or [0] * len(columns))
    for row in (head, *rows):
        least = [max(width, cells(cell.text)) for width, cell in zip(least, row, strict=True)]
    return [_line(columns, row, least, color=color) for row in (head, *rows)]


def fitted(row: Sequence[Cell], widths: Sequence[int], room: int) -> list[Cell]:
    """A row whose longest texts are cut, if it would take more than ``room`` columns, but to no
    less than their ``widths``."""
    taken = [max(width, cells(cell.text)) for width, cell in zip(widths, row, strict=True)]
    done = list(row)
    while (over := sum(taken) + 2 * (len(taken) - 1) - room) > 0:
        spare = [have - width for have, width in zip(taken, widths, strict=True)]
        most = spare.index(max(spare))
        if not spare[most]:
            break
        taken[most] -= min(over, spare[most])
        done[most] = done[most]._replace(text=_cut(done[most].text, taken[most]))
    return done


def _cut(text: str, room: int) -> str:
    """The beginning of ``text`` that takes at most ``room`` columns, with a mark at its end."""
    while text and cells(text) >= room:
        text = text[:-1]
    return f"{text}…"


def cells(text: str) -> int:
    """How many columns of a terminal ``text`` takes."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _line(
    columns: Sequence[Column], row: Sequence[Cell], widths: Sequence[int], *, color: bool
) -> str:
    parts: list[str] = []
    for column, cell, width in zip(columns, row, widths, strict=True):
        gap = " " * (width - cells(cell.text))
        text = paint(cell.text, cell.style, color=color)
        parts.append(gap + text if column.right else text + gap)
    return "  ".join(parts).rstrip()


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
