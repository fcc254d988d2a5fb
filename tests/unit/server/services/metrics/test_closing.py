"""What closed samples add to the levels."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.db.levels import LEVELS
from chatops.server.services.metrics.cells import cell_of, runs
from chatops.server.services.metrics.closing import additions, scaled

SAMPLE = st.tuples(st.integers(0, 20_000_000), st.none() | st.integers(-(10**9), 10**9))


@given(st.lists(SAMPLE, min_size=1))
def test_each_level_has_every_value_once(samples: list[tuple[int, int | None]]) -> None:
    times, values = zip(*sorted(samples, key=lambda sample: sample[0]), strict=True)
    found = additions(times, {7: values})
    for level in LEVELS:
        for start, number, rows in runs(times, level):
            cells = found.get((7, level.step, start), {})
            assert cells.get(number) == cell_of(values[rows])
    assert all(cells for cells in found.values())


def test_values_are_kept_to_their_decimals_where_they_can_be() -> None:
    assert scaled([1.234, 5], 100) == [123, 500]
    assert scaled([1.236, None], 100) == [124, None]
    assert scaled([1.0, 2.0**62, float("inf"), float("nan")], 1) == [1, None, None, None]
    assert scaled([1.5, 1e151, None], None) == [1.5, None, None]
    assert scaled([None], 1) == [None]
    assert scaled([], 1) == []
