"""Histories: steps, gaps, and pages that give every row once."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.protocol.metrics import Cpu, Sample
from chatops.protocol.rest import HistoryRow, Page
from chatops.server.services.history import HistoryQuery, HistoryRows, cursor_time

Taken = list[tuple[float, bytes]]


def stored(points: list[tuple[float, float | None]]) -> Taken:
    return [(ts, msgspec.json.encode(Sample(cpu=Cpu(percent=cpu)))) for ts, cpu in points]


def query(step: float | None = None, limit: int = 1000) -> HistoryQuery:
    return HistoryQuery(("cpu",), 0.0, 1e9, step, limit)


def rows_of(taken: Taken, query: HistoryQuery) -> Page[HistoryRow]:
    """The page of samples that come one at a time, and stop when it is full."""
    rows = HistoryRows(query)
    for one in taken:
        if not rows.take([one]):
            break
    return rows.page()


def test_a_step_has_mean_min_and_max_and_a_gap_has_no_row() -> None:
    page = rows_of(stored([(61, 10), (90, 30), (119.9, None), (250, 7)]), query(60.0))
    assert [(row.ts[14:19], row.value, row.min, row.max) for row in page.items] == [
        ("01:00", 20, 10, 30),
        ("04:00", 7, 7, 7),
    ]


points = st.lists(
    st.tuples(st.floats(0, 5000), st.one_of(st.none(), st.floats(0, 100))), max_size=40
).map(lambda found: sorted(dict(found).items()))


@given(points, st.sampled_from([None, 1.0, 60.0]), st.integers(1, 7))
def test_pages_give_every_row_once(
    found: list[tuple[float, float | None]], step: float | None, limit: int
) -> None:
    taken = stored(found)
    whole = rows_of(taken, query(step)).items
    rows, since = [], 0.0
    while True:
        page = rows_of([one for one in taken if one[0] >= since], query(step, limit))
        rows += page.items
        if page.next is None:
            break
        since = cursor_time(page.next)
    assert rows == whole


@pytest.mark.parametrize("text", ["", "x", "nan", "inf", "1,5", "2026-01-01T00:00:00Z"])
def test_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        cursor_time(text)
