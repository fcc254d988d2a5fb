"""When samples are taken: no drift, nothing made up for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.pace import Pace
from chatops.clock import FakeClock


def test_the_second_comes_early_and_then_the_interval_is_kept() -> None:
    pace = Pace(0.0)
    assert pace.rest(0.1, 5.0) == 0.9
    assert pace.rest(1.4, 5.0) == 4.6
    assert pace.rest(6.0, 5.0) == 5.0


def test_moments_that_were_missed_are_not_made_up_for() -> None:
    pace = Pace(0.0)
    pace.rest(0.0, 5.0)
    assert pace.rest(20.0, 5.0) == 0.0
    assert pace.rest(20.5, 5.0) == 4.5


def test_a_suspended_host_takes_no_sample_twice() -> None:
    clock = FakeClock()
    pace = Pace(clock.monotonic())
    pace.rest(clock.monotonic(), 5.0)
    clock.advance(1.0)
    clock.sleep(3600.0)
    assert pace.rest(clock.monotonic(), 5.0) == 5.0


@given(st.lists(st.floats(0.0, 4.0), min_size=2, max_size=50))
def test_the_time_that_samples_take_moves_no_moment(spent: list[float]) -> None:
    now = 0.0
    pace = Pace(now)
    for seconds in spent:
        now += seconds
        now += pace.rest(now, 5.0)
    late = max(spent[0] - 1.0, 0.0)
    assert abs(now - (1.0 + late + 5.0 * (len(spent) - 1))) < 0.001
