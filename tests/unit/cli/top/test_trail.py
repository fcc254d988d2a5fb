from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.top.trail import KEPT, STEP, Trail


def test_a_step_is_the_mean_of_its_values_and_a_gap_is_none() -> None:
    trail = Trail()
    for ts, value in ((0.0, 1.0), (29.9, 3.0), (90.0, 7.0)):
        trail.add(ts, value)
    assert trail.last(119.0, 5) == [None, 2.0, None, None, 7.0]


def test_the_step_that_has_just_begun_waits_for_its_first_value() -> None:
    trail = Trail()
    trail.add(10.0, 5.0)
    assert trail.last(30.0, 2) == [None, 5.0]
    assert trail.last(60.0, 2) == [None, None]


def test_a_history_fills_only_what_is_not_known() -> None:
    trail = Trail()
    trail.add(60.0, 9.0)
    trail.fill(60.0, 1.0)
    trail.fill(30.0, 2.0)
    assert trail.last(60.0, 2) == [2.0, 9.0]


@given(st.lists(st.tuples(st.floats(0, 1e5), st.floats(-1e6, 1e6)), max_size=200), st.randoms())
def test_the_order_in_which_values_come_does_not_matter(
    values: list[tuple[float, float]], random_: random.Random
) -> None:
    newest = max((ts for ts, _ in values), default=0.0)
    values = [(ts, float(int(value))) for ts, value in values if ts > newest - (KEPT - 1) * STEP]
    other = values.copy()
    random_.shuffle(other)
    trails = Trail(), Trail()
    for trail, order in zip(trails, (values, other), strict=True):
        for ts, value in order:
            trail.add(ts, value)
    assert trails[0].last(newest, KEPT) == trails[1].last(newest, KEPT)


def test_a_copy_stands_still() -> None:
    trail = Trail()
    trail.add(0.0, 1.0)
    copy = trail.copy()
    trail.add(0.0, 3.0)
    assert copy.last(0.0, 1) == [1.0]
