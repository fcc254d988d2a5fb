"""Liveness: what is due when, and that nothing is told late, twice or too early."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatops.protocol.limits import DEAD_AFTER, PING_AFTER
from chatops.protocol.session.heartbeat import Heartbeat, Pulse

SECONDS = st.floats(min_value=0, max_value=40)


class Link(RuleBasedStateMachine):
    """Time passes, frames come, and the owner checks when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.heard = 1000.0
        self.beat = Heartbeat(self.now)
        self.pinged = False

    @rule(passed=SECONDS)
    def time_passes(self, passed: float) -> None:
        self.now += passed

    @rule()
    def a_frame_comes(self) -> None:
        self.heard = self.now
        self.pinged = False
        self.beat.heard(self.now)

    @rule()
    def check(self) -> None:
        pulse = self.beat.check(self.now)
        if self.now >= self.heard + DEAD_AFTER:
            assert pulse is Pulse.DEAD
        elif self.now >= self.heard + PING_AFTER and not self.pinged:
            assert pulse is Pulse.PING
            self.pinged = True
        else:
            assert pulse is Pulse.WAIT

    @rule()
    def sleep_as_told_and_check(self) -> None:
        self.now += self.beat.next_check(self.now)
        self.check()

    @invariant()
    def silence_is_measured(self) -> None:
        assert self.beat.silence(self.now) == self.now - self.heard

    @invariant()
    def the_next_check_is_when_something_is_due(self) -> None:
        wait = self.beat.next_check(self.now)
        assert wait >= 0
        due = self.heard + (DEAD_AFTER if self.pinged else PING_AFTER)
        assert wait == max(due - self.now, 0)


TestLink = Link.TestCase

LIMITS = st.floats(min_value=0.01, max_value=100)
STARTS = st.floats(min_value=0, max_value=1e7)


def follow(beat: Heartbeat, now: float) -> list[tuple[float, Pulse]]:
    """What an owner meets who sleeps as told while nothing is heard, until the link is dead."""
    met: list[tuple[float, Pulse]] = []
    for _ in range(20):
        # A sleep never ends before its time.
        now = max(now + beat.next_check(now), math.nextafter(now, math.inf))
        pulse = beat.check(now)
        met.append((now, pulse))
        if pulse is Pulse.DEAD:
            return met
    raise AssertionError(f"never found dead: {met}")


@given(STARTS, LIMITS, LIMITS)
def test_an_owner_who_sleeps_as_told_pings_once_and_never_oversleeps(
    start: float, ping_after: float, dead_after: float
) -> None:
    met = follow(Heartbeat(start, ping_after, dead_after), start)
    died = met[-1][0]
    assert died == pytest.approx(start + dead_after, abs=1e-6)
    pings = [now for now, pulse in met if pulse is Pulse.PING]
    if ping_after + 1e-6 < dead_after:
        assert pings == [pytest.approx(start + ping_after, abs=1e-6)]
    assert len(pings) <= 1


@given(STARTS)
def test_a_half_open_link_is_found_within_thirty_seconds(start: float) -> None:
    met = follow(Heartbeat(start), start)
    assert met[-1][0] - start <= 30
    assert [pulse for _, pulse in met if pulse is not Pulse.WAIT] == [Pulse.PING, Pulse.DEAD]


@given(st.lists(st.floats(min_value=0, max_value=DEAD_AFTER - 0.001), min_size=1, max_size=30))
def test_a_link_that_is_heard_in_time_never_dies(gaps: list[float]) -> None:
    now = 0.0
    beat = Heartbeat(now)
    for gap in gaps:
        now += gap
        assert beat.check(now) is not Pulse.DEAD
        beat.heard(now)


def test_each_silence_has_its_own_ping() -> None:
    beat = Heartbeat(0.0)
    assert beat.check(10.0) is Pulse.PING
    assert beat.check(11.0) is Pulse.WAIT
    beat.heard(12.0)
    assert beat.check(21.9) is Pulse.WAIT
    assert beat.check(22.0) is Pulse.PING


def test_a_dead_link_stays_dead_until_it_is_heard() -> None:
    beat = Heartbeat(0.0)
    assert [beat.check(now) for now in (25.0, 26.0)] == [Pulse.DEAD, Pulse.DEAD]
    assert beat.next_check(26.0) == 0.0
