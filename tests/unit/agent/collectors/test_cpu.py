"""CPU per cent out of ticks."""

from __future__ import annotations

import psutil
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.collectors.cpu import CpuCollector, Ticks, usage
from tests.support.waiting import until

TICKS = st.builds(Ticks, *[st.floats(0, 1e6) for _ in Ticks._fields])


def test_shares_are_of_the_time_between_the_looks() -> None:
    last = [Ticks(10, 10, 10, 10, 10), Ticks(0, 0, 0, 0, 0)]
    now = [Ticks(11, 11, 12, 10, 10), Ticks(0, 0, 2, 1, 1)]
    found = usage(last, now)
    assert found.count == 2
    assert found.percent == 37.5  # 3 of 8 seconds were neither idle nor waiting
    assert found.per_core == [50.0, 25.0]
    assert (found.user, found.system, found.iowait, found.steal) == (12.5, 12.5, 12.5, 12.5)


def test_without_a_first_look_or_with_other_cores_only_the_count_is_known() -> None:
    for last in ([], [Ticks(1, 1, 1, 1, 1)]):
        found = usage(last, [Ticks(1, 1, 1, 1, 1)] * 2)
        assert (found.count, found.percent, found.per_core) == (2, None, [])


def test_no_time_between_the_looks_gives_nothing() -> None:
    ticks = [Ticks(1, 1, 1, 1, 1)]
    assert usage(ticks, ticks).percent is None


@given(st.lists(st.tuples(TICKS, TICKS), min_size=1, max_size=4))
def test_whatever_the_counters_do_per_cent_is_per_cent(pairs: list[tuple[Ticks, Ticks]]) -> None:
    found = usage([one for one, _ in pairs], [other for _, other in pairs])
    values = [found.percent, found.user, found.system, found.iowait, found.steal]
    assert all(value is None or 0 <= value <= 100 for value in [*values, *found.per_core])


def test_this_host_has_cores_that_do_something() -> None:
    collector = CpuCollector()
    assert collector().percent is None
    found = until(lambda: (one := collector()).percent is not None and one)
    assert found.count == psutil.cpu_count()
    assert len(found.per_core) == found.count
