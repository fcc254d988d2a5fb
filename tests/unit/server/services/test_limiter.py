"""RateLimiter: never more than the burst and the rate allow, whatever the order of calls."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.limiter import RateLimiter


@given(st.lists(st.floats(0, 3), min_size=1, max_size=80))
def test_no_span_sees_more_than_burst_and_rate(pauses: list[float]) -> None:
    limiter, now, taken = RateLimiter(rate=2.0, burst=5.0), 0.0, []
    for pause in pauses:
        now += pause
        wait = limiter.take("a", now)
        assert wait >= 0
        if not wait:
            taken.append(now)
    for first, begin in enumerate(taken):
        for last in range(first, len(taken)):
            assert last - first + 1 <= 5 + 2 * (taken[last] - begin) + 1e-6


def test_the_time_to_wait_is_the_true_one() -> None:
    limiter = RateLimiter(rate=0.5, burst=1.0)
    assert limiter.take("a", 0.0) == 0
    wait = limiter.take("a", 0.0)
    assert wait == 2.0
    assert limiter.take("a", wait - 0.01) > 0
    assert limiter.take("a", wait + 0.01) == 0


def test_what_did_not_happen_is_given_back() -> None:
    limiter = RateLimiter(rate=0.001, burst=1.0)
    for _ in range(20):
        assert limiter.take("a", 0.0) == 0
        limiter.give_back("a")
    limiter.give_back("unknown")
    assert limiter.take("unknown", 0.0) == 0


def test_another_size_holds_at_once_for_old_keys_too() -> None:
    limiter = RateLimiter(rate=10.0, burst=10.0)
    assert limiter.take("a", 0.0) == 0
    limiter.resize(rate=0.5, burst=2.0)
    waits = [limiter.take("a", 0.0) for _ in range(3)]
    assert waits == [0, 0, 2.0]
    limiter.resize(rate=10.0, burst=10.0)
    assert limiter.take("a", 1.0) == 0


def test_keys_do_not_touch_each_other_and_are_bounded() -> None:
    limiter = RateLimiter(rate=0.001, burst=1.0, max_keys=100)
    for number in range(1000):
        assert limiter.take(number, 0.0) == 0
    assert len(limiter) == 100
    assert limiter.take(999, 0.0) > 0
