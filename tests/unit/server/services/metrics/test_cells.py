"""Cells: exact, in any order, and the same when they are read back."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.server.db.levels import LEVELS, Level
from chatops.server.services.metrics.cells import (
    Cell,
    Cells,
    add,
    cell_of,
    extended,
    read,
    runs,
    together,
    write,
)

WHOLE = st.integers(-(2**62), 2**62)
LEVEL = st.sampled_from(LEVELS)


def cells_of(values: st.SearchStrategy[int] | st.SearchStrategy[float]) -> st.SearchStrategy[Cells]:
    cell = st.lists(values, min_size=1, max_size=4).map(
        lambda some: Cell(len(some), sum(some), min(some), max(some))
    )
    return st.dictionaries(st.integers(0, 167), cell, max_size=12)


@given(cells_of(st.integers(-(10**15), 10**15)))
def test_exact_cells_come_back(cells: Cells) -> None:
    assert read(write(cells, exact=True), exact=True) == cells


def shifted(cells: Cells, by: int) -> Cells:
    """The same, later."""
    return {number + by: cell for number, cell in cells.items()}


@given(
    cells_of(st.integers(-(10**15), 10**15)),
    cells_of(st.integers(-(10**15), 10**15)).filter(bool),
    st.sampled_from([0, 1]) | st.integers(0, 200),
    st.booleans(),
)
def test_more_cells_are_added_wherever_they_belong(
    there: Cells,
    more: Cells,
    later: int,
    exact: bool,
) -> None:
    meets = later == 1 and there  # the first of them is the last that is there
    more = shifted(more, max(there) - min(more) if meets else later)
    sums = dict(there)
    add(sums, more)
    text = write(there, exact=exact)
    assert extended(text, more, exact=exact) == write(sums, exact=exact)


@pytest.mark.parametrize("text", ["", "{}", "[[]]", "[[2,1]]", "[[1,2,3,4],[0,5]]", '[["1"]]'])
def test_a_damaged_row_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="no row of cells"):
        read(text, exact=True)
    with pytest.raises(ValueError, match="no row of cells"):
        extended(text, {5: Cell(1, 1, 1, 1)}, exact=True)


@given(st.lists(st.lists(st.none() | WHOLE)))
def test_cells_together_are_the_cell_of_all_their_values(parts: list[list[int | None]]) -> None:
    values = [value for part in parts for value in part]
    assert together([cell_of(part) for part in parts]) == cell_of(values)


@given(cells_of(st.floats(-1e300, 1e300)))
def test_floats_come_back(cells: Cells) -> None:
    assert read(write(cells, exact=False), exact=False) == cells


def test_the_form_is_the_documented_one() -> None:
    cells = {1: Cell(2, 30, 10, 20), 3: Cell(1, 25, 25, 25)}
    assert json.loads(write(cells, exact=True)) == [[0], [2, 30, 10, 20], [0], [1, -5, 15, 5]]
    assert json.loads(write(cells, exact=False)) == [[0], [2, 30, 10, 20], [0], [1, 25, 25, 25]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(-100, 100)), min_size=1))
def test_the_order_does_not_matter(values: list[tuple[int, int]]) -> None:
    shuffled = random.Random(1).sample(values, len(values))
    sums: list[Cells] = [{}, {}]
    for cells, some in zip(sums, (values, shuffled), strict=True):
        for number, value in some:
            add(cells, {number: Cell(1, value, value, value)})
    assert sums[0] == sums[1]
    for number, cell in sums[0].items():
        own = [value for place, value in values if place == number]
        assert cell == Cell(len(own), sum(own), min(own), max(own))


@given(st.lists(st.integers(0, 20_000_000_000), min_size=1), LEVEL)
def test_runs_cover_all_times_once(times: list[int], level: Level) -> None:
    times.sort()
    seen = []
    for start, number, places in runs(times, level):
        for ms in times[places]:
            assert level.place(ms // 1000) == (start, number)
            assert start + number * level.step <= ms / 1000 < start + (number + 1) * level.step
        seen += times[places]
    assert seen == times
    keys = [(start, number) for start, number, _ in runs(times, level)]
    assert len(keys) == len(set(keys))


def test_levels_divide_their_rows() -> None:
    for level in LEVELS:
        assert level.span % level.step == 0
    assert [finer.step for finer in LEVELS] == sorted(level.step for level in LEVELS)


def test_nothing_makes_no_cell() -> None:
    assert cell_of([None, None]) is None
    assert cell_of([None, 3, 5]) == Cell(2, 8, 3, 5)
    assert write({}, exact=True) == "[]"
    assert read("[]", exact=True) == read("[[0],[0]]", exact=False) == {}
