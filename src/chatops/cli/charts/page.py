"""Charts one under the other, each with its title and a legend of figures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from chatops.cli.charts.draw import COLORS, Canvas, draw, marks_of
from chatops.cli.charts.lines import Line, coarser, highest, names_of, title_of
from chatops.cli.figures import in_unit, sparkline
from chatops.cli.plain import plain_lines
from chatops.cli.view import Cell, Column
from chatops.text import escape, shorten
from chatops.units import exact_duration

LEAST_HEIGHT: Final = 7
LEAST_WIDTH: Final = 30
"""Below these a chart has no room for its axes, and is one row of blocks."""
POINTS: Final = 20
"""Points of a line that are drawn for each column: all samples of half an hour, one a second."""
_NAME: Final = 20
"""Columns that names get before a legend has more than one figure."""
_NARROWEST: Final = 8
_CLEAR: Final = "\x1b[0m"
_FIGURES: Final = (
    Column("SERIES", lambda _: None),
    Column("LAST", lambda _: None, right=True),
    Column("MEAN", lambda _: None, right=True),
    Column("MIN", lambda _: None, right=True),
    Column("MAX", lambda _: None, right=True),
)
_TITLES: Final = tuple(column.title for column in _FIGURES[1:])


def page(charts: Sequence[Sequence[Line]], step: float | None, canvas: Canvas) -> Iterator[str]:
    """The rows of a page of charts; the height of ``canvas`` is that of each chart."""
    for number, lines in enumerate(charts):
        if number:
            yield ""
        for row in _chart(lines, step, canvas):
            yield row if canvas.blocks else row.replace("…", "~")


def rows_beside(charts: Sequence[Sequence[Line]]) -> int:
    """How many rows a page takes beside its charts."""
    return sum(3 + len(highest(lines)) + (len(highest(lines)) < len(lines)) for lines in charts) - 1


def _chart(every: Sequence[Line], step: float | None, canvas: Canvas) -> Iterator[str]:
    lines = highest(every)
    most = POINTS * canvas.width
    drawn, step = coarser(lines, step, canvas.since, canvas.until, most)
    yield _title(every, step, canvas.width)
    if canvas.width < LEAST_WIDTH or canvas.height < LEAST_HEIGHT:
        yield from _sparks(drawn, step, canvas)
    else:
        yield from _rows(draw(drawn, step, canvas))
    yield from _legend(lines, every, canvas)


def _title(lines: Sequence[Line], step: float | None, width: int) -> str:
    kind = f"mean of {exact_duration(step)}" if step else "each sample"
    return shorten(f"{shorten(escape(title_of(lines)), max(width - 20, 20))}, {kind}", width)


def _legend(lines: Sequence[Line], every: Sequence[Line], canvas: Canvas) -> Iterator[str]:
    marks = marks_of(lines, canvas)
    names = [escape(name) for name in names_of(lines)]
    figures = [_figures(line) for line in lines]
    room = canvas.width - len(marks[0]) - 1
    taken = [2 + max(map(len, texts)) for texts in zip(_TITLES, *figures, strict=True)]
    count = len(taken)
    while count > 1 and room - sum(taken[:count]) < min(max(map(len, names)), _NAME):
        count -= 1
    widest = max(room - sum(taken[:count]), _NARROWEST)
    rows = [
        [Cell(shorten(name, widest)), *map(Cell, texts[:count])]
        for name, texts in zip(names, figures, strict=True)
    ]
    columns, indent = _FIGURES[: count + 1], len(marks[0]) + 1
    head, *body = plain_lines(columns, rows, color=False)
    yield " " * indent + head
    for text, mark, color in zip(body, marks, COLORS, strict=False):
        yield f"{_painted(mark, color) if canvas.color else mark} {text}"
    if len(lines) < len(every):
        yield f"the {len(lines)} that rise the highest, of {len(every)}"


def _figures(line: Line) -> list[str]:
    values = (line.points[-1].value, line.mean, min(p.least for p in line.points), line.peak)
    return [in_unit(value, line.unit) or "" for value in values]


def _sparks(lines: Sequence[Line], step: float | None, canvas: Canvas) -> Iterator[str]:
    for line, mark, color in zip(lines, marks_of(lines, canvas), COLORS, strict=False):
        width = max(canvas.width - len(mark) - 1, 1)
        if step is not None:  # at least one row for each character
            width = min(width, max(int((canvas.until - canvas.since) / step), 1))
        row = sparkline(line.spread(canvas.since, canvas.until, width), blocks=canvas.blocks)
        yield f"{_painted(mark, color) if canvas.color else mark} {row}".rstrip()


def _painted(text: str, color: int) -> str:
    return f"\x1b[{_code(color)}m{text}{_CLEAR}"


def _rows(text: str) -> Iterator[str]:
    for row in _in_16_colors(text).rstrip().removesuffix(_CLEAR).rstrip().split("\n"):
        plain = row.removeprefix(_CLEAR).removesuffix(_CLEAR).rstrip()
        yield plain + _CLEAR if "\x1b" in plain else plain


def _in_16_colors(text: str) -> str:
    """Colours of the 256 as the 16 that every terminal knows."""
    return re.sub(r"\x1b\[38;5;(\d+)m", lambda match: f"\x1b[{_code(int(match[1]))}m", text)


def _code(color: int) -> int:
    return 30 + color if color < 8 else 82 + color
