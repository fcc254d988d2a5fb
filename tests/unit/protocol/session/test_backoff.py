"""Delays between attempts: bounded, growing, jittered, never nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatops.protocol.session.backoff import (
    CAP,
    FIRST,
    LONG_AFTER,
    LONG_CAP,
    STABLE_AFTER,
    Backoff,
)

DRAWS = st.floats(min_value=0, max_value=1, exclude_max=True)


def upper(failures: int = 40, step: float = 1.0) -> list[float]:
    """The ceilings: what is waited when chance draws its most."""
    backoff = Backoff(draw=lambda: 1.0)
    return [backoff.failed(now=index * step) for index in range(failures)]


def test_ceilings_double_from_half_a_second_to_fifteen() -> None:
    assert upper(8) == [0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0]


def test_after_ten_minutes_of_failing_the_cap_is_a_minute() -> None:
    ceilings = upper(1000)
    assert ceilings[int(LONG_AFTER) - 1] == CAP == 15.0
    assert ceilings[int(LONG_AFTER)] == LONG_CAP == 60.0
    assert set(ceilings[int(LONG_AFTER) :]) == {60.0}


def test_the_contract_of_the_design() -> None:
    assert (FIRST, CAP, LONG_CAP, LONG_AFTER) == (0.5, 15.0, 60.0, 600.0)


@given(st.lists(st.tuples(DRAWS, st.floats(0, 100)), max_size=60))
def test_a_delay_is_never_nothing_and_never_over_the_ceiling(
    steps: list[tuple[float, float]],
) -> None:
    draws = iter([draw for draw, _ in steps])
    backoff, highest = Backoff(draw=lambda: next(draws)), Backoff(draw=lambda: 1.0)
    now = 0.0
    for _, passed in steps:
        now += passed
        delay, ceiling = backoff.failed(now), highest.failed(now)
        assert FIRST / 10 <= ceiling / 10 <= delay <= ceiling <= LONG_CAP


def test_delays_are_spread() -> None:
    delays = [Backoff().failed(0.0) for _ in range(500)]
    assert min(delays) < 0.1
    assert max(delays) > 0.45
    assert len(set(delays)) > 490


class Sessions(RuleBasedStateMachine):
    """Attempts fail and sessions end, against a plain model of what should be waited."""

    def __init__(self) -> None:
        super().__init__()
        self.backoff = Backoff(draw=lambda: 1.0)
        self.now = 1000.0
        self.failures = 0
        self.since: float | None = None
        self.waits: list[float] = []

    @rule(passed=st.floats(0, 400))
    def time_passes(self, passed: float) -> None:
        self.now += passed

    @rule()
    def an_attempt_fails(self) -> None:
        self.expect(self.backoff.failed(self.now))

    @rule(lasted=st.floats(0, STABLE_AFTER, exclude_max=True))
    def a_session_dies_early(self, lasted: float) -> None:
        self.now += lasted
        if self.now - (self.now - lasted) < STABLE_AFTER:
            self.expect(self.backoff.ended(self.now - lasted, self.now))

    @rule(lasted=st.floats(STABLE_AFTER + 1, 10_000))
    def a_stable_session_ends(self, lasted: float) -> None:
        self.now += lasted
        delay = self.backoff.ended(self.now - lasted, self.now)
        self.failures, self.since = 0, None
        self.expect(delay)
        assert delay == FIRST

    def expect(self, delay: float) -> None:
        self.since = self.now if self.since is None else self.since
        cap = 60.0 if self.now - self.since >= 600.0 else 15.0
        assert delay == min(0.5 * 2**self.failures, cap)
        self.failures += 1
        self.waits.append(delay)

    @invariant()
    def no_hot_loop(self) -> None:
        assert all(delay > 0 for delay in self.waits)


TestSessions = Sessions.TestCase
