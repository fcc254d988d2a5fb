"""RunPlan: every command starts at most once, and never more than may."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.protocol.portion import parse_portion
from chatops.server.services.run_plan import RunPlan

IDS = [f"c{number}" for number in range(12)]


@given(
    count=st.integers(0, 12),
    parallel=st.integers(1, 6),
    batch=st.none() | st.integers(1, 6),
    most=st.none() | st.integers(1, 6),
    data=st.data(),
)
def test_whatever_ends_when_the_limits_hold(
    count: int, parallel: int, batch: int | None, most: int | None, data: st.DataObject
) -> None:
    plan = RunPlan(IDS[:count], parallel=parallel, batch=batch, max_failures=most)
    under_way: list[str] = []
    begun: list[str] = []
    failures = 0
    while True:
        fresh = plan.start()
        assert not (fresh and most is not None and failures >= most)
        begun += fresh
        under_way += fresh
        assert len(under_way) <= parallel
        if batch is not None:  # all of one batch are over before one of the next begins
            assert len({IDS.index(one) // batch for one in under_way}) <= 1
        if not under_way:
            break
        one = data.draw(st.sampled_from(under_way))
        failed = data.draw(st.booleans())
        under_way.remove(one)
        plan.over(one, failed=failed)
        plan.over(one, failed=failed)
        failures += failed
    assert begun == IDS[: len(begun)]
    assert plan.failures == failures
    left = plan.abandon()
    assert begun + left == IDS[:count]
    assert not left or plan.exhausted


def test_what_is_taken_out_does_not_start() -> None:
    plan = RunPlan(["a", "b", "c"], parallel=1)
    assert plan.start() == ["a"]
    assert plan.abandon("b") == ["b"]
    assert plan.abandon("a") == []
    plan.over("a", failed=False)
    assert plan.start() == ["c"]
    assert plan.waiting == 0


def test_after_a_restart_the_batch_under_way_is_waited_for() -> None:
    plan = RunPlan(["c"], parallel=9, batch=2, under_way=["a", "b"], failures=1, max_failures=2)
    assert plan.start() == []
    plan.over("a", failed=False)
    assert plan.start() == []
    plan.over("b", failed=False)
    assert plan.start() == ["c"]


@pytest.mark.parametrize(
    ("text", "count", "number"),
    [("3", 10, 3), ("25%", 10, 2), ("1%", 10, 1), ("100%", 7, 7), ("50", 10, 50)],
)
def test_a_portion_of_so_many_servers(text: str, count: int, number: int) -> None:
    assert parse_portion(text).of(count) == number


@pytest.mark.parametrize("text", ["0", "", "-1", "101%", "x", "5 %", "1.5", "0%"])
def test_what_is_no_portion_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_portion(text)
