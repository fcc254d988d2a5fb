"""Lines as pieces of text with the name of a style, and foreign text cut to columns. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size

from chatops.text import escape

Style = Literal["", "dim", "head", "good", "warn", "bad", "spark", "title", "group"]
Span = tuple[str, Style]
Spans = list[Span]
Late = Callable[[], Spans]
"""A line that is made when it is looked at: where there are thousands, few ever are."""
WARN_AT: Final = 75.0
BAD_AT: Final = 90.0
_LONGEST: Final = 4
"""Characters that are looked at for a column of a line; names may have thousands."""


def safe(text: str | None, width: int | None = None) -> str:
    """Foreign text on one line without control characters; None is ``-``. With ``width`` it is cut
    to that many columns, with an ellipsis where it was."""
    if text is None:
        return "-"
    if width is None:
        return escape(text)
    shown = escape(text[: (width + 1) * _LONGEST])
    if cell_len(shown) <= width:
        return shown
    return set_cell_size(shown, width - 1).rstrip() + "…" if width > 0 else ""


def left(text: str | None, width: int) -> str:
    """Foreign text in exactly ``width`` columns, at their left."""
    shown = safe(text, width)
    return shown + " " * (width - cell_len(shown))


def right(text: str | None, width: int) -> str:
    """The same at their right."""
    shown = safe(text, width)
    return " " * (width - cell_len(shown)) + shown


def width_of(spans: Iterable[Span]) -> int:
    """Columns that a line takes."""
    return sum(cell_len(text) for text, _ in spans)


def filled(spans: Spans, width: int) -> Spans:
    """A line in exactly ``width`` columns: cut, or filled with blanks."""
    done: Spans = []
    room = width
    for text, style in spans:
        length = cell_len(text)
        if length > room:
            text, length = set_cell_size(text, room), room
        if text:
            done.append((text, style))
        room -= length
    return [*done, (" " * room, "")] if room else done


def heat(percent: float | None) -> Style:
    """The style of a per cent that is bad when it is high."""
    if percent is None:
        return "dim"
    return "bad" if percent >= BAD_AT else "warn" if percent >= WARN_AT else ""
