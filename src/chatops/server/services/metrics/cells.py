"""Cells: what a level knows of a series in one of its steps. They add up, in any order.

A cell is (count, sum, least, most). The values of a series with a scale are whole numbers, so
sums are exact; those of one without are floats. The text form is a JSON list with a place for each
step from the start of the row's span: ``[count, sum, least, most]``, or ``[0]`` for a gap. Of a
series with a scale the last three are differences from the cell before, which keeps them short;
the views of db/views.py read them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, repeat
from operator import sub
from typing import Final, NamedTuple

import msgspec

from chatops.server.db.levels import Level

Number = int | float


class Cell(NamedTuple):
    """``n`` values: their sum, the least and the most of them."""

    n: int
    total: Number
    least: Number
    most: Number

    def plus(self, other: Cell) -> Cell:
        """Both together."""
        return Cell(
            self.n + other.n,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )


Cells = dict[int, Cell]
"""Cells of a row by their number."""

_new_cell: Final = tuple.__new__
"""What ``Cell._make`` does, without its check: histories read thousands of cells."""
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[list[int | float]]).decode


def read(text: str | bytes, *, exact: bool) -> Cells:
    """The cells of a row. ``exact``: the series has a scale.

    Raises:
        ValueError: this is no row of cells.
    """
    rows = {number: cell for number, cell in enumerate(_rows(text)) if cell[0]}
    if not rows:
        return {}
    counts, *columns = zip(*rows.values(), strict=True)
    summed = (accumulate(column) for column in columns) if exact else columns
    cells = map(_new_cell, repeat(Cell), zip(counts, *summed, strict=True))
    return dict(zip(rows, cells, strict=True))


def write(cells: Mapping[int, Cell], *, exact: bool) -> str:
    """The text of a row. ``read`` gives the same cells."""
    if not cells:
        return "[]"
    numbers = sorted(cells)
    counts, *columns = zip(*(cells[number] for number in numbers), strict=True)
    shown = [_differences(column) for column in columns] if exact else columns
    places: list[Sequence[Number]] = [(0,)] * (numbers[-1] + 1)
    for number, *cell in zip(numbers, counts, *shown, strict=True):
        places[number] = cell
    return _encode(places).decode()


def extended(text: str | bytes, more: Mapping[int, Cell], *, exact: bool) -> str:
    """The text of a row after ``more`` was added to its cells. Mostly that follows on what is
    there, of which only the last cell is worked out then.

    Raises:
        ValueError: this is no row of cells.
    """
    rows = _rows(text)
    if not exact or not rows or not rows[-1][0] or min(more) < len(rows) - 1:
        cells = read(text, exact=exact)
        add(cells, more)
        return write(cells, exact=exact)
    _, *columns = zip(*(row for row in rows if row[0]), strict=True)
    last = Cell(rows[-1][0], *map(sum, columns))  # type: ignore[arg-type]  # a count is no float
    before: Sequence[Number] = last[1:]
    following = dict(more)
    if len(rows) - 1 in following:
        before = list(map(sub, before, rows.pop()[1:]))
        following[len(rows)] = last.plus(following[len(rows)])
    for number in sorted(following):
        cell = following[number]
        rows += [[0]] * (number - len(rows))
        rows.append([cell.n, *map(sub, cell[1:], before)])
        before = cell[1:]
    return _encode(rows).decode()


def add(cells: Cells, more: Mapping[int, Cell]) -> None:
    """Add ``more`` to ``cells``."""
    for number, cell in more.items():
        known = cells.get(number)
        cells[number] = cell if known is None else known.plus(cell)


def runs(times: Sequence[int], level: Level) -> Iterator[tuple[int, int, slice]]:
    """Which of ascending ``times`` (milliseconds) fall into the same cell: the start of the row,
    the number of the cell, and their places."""
    steps = [ms // 1000 // level.step for ms in times]
    first = 0
    for place in range(1, len(steps) + 1):
        if place == len(steps) or steps[place] != steps[first]:
            yield (*level.place(steps[first] * level.step), slice(first, place))
            first = place


def cell_of(values: Sequence[Number | None]) -> Cell | None:
    """The cell that some values make; None if there are none."""
    if None in values:
        values = [value for value in values if value is not None]
    return full_cell(values) if values else None


def full_cell(values: Sequence[Number | None]) -> Cell:
    """The cell of values that are all there."""
    made = len(values), sum(values), min(values), max(values)  # type: ignore[arg-type, type-var]
    return _new_cell(Cell, made)


def together(cells: Sequence[Cell | None]) -> Cell | None:
    """The cell that some cells make; None if there are none."""
    known = [cell for cell in cells if cell is not None]
    if len(known) < 2:
        return known[0] if known else None
    counts, totals, leasts, mosts = zip(*known, strict=True)
    return Cell(sum(counts), sum(totals), min(leasts), max(mosts))


def _rows(text: str | bytes) -> list[list[Number]]:
    try:
        rows = _decode(text)
    except msgspec.DecodeError as error:
        raise ValueError(f"no row of cells: {error}") from None
    if not all(len(row) == (4 if row and row[0] else 1) for row in rows):
        raise ValueError("no row of cells")
    return rows


def _differences(column: Sequence[Number]) -> list[Number]:
    return list(map(sub, column, (0, *column)))
