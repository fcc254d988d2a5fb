"""When messages are sent: at once, gathered, again and again, and in an order that makes sense."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.limits import MAX_MESSAGE_ALERTS
from chatops.server.services.notify.schedule import (
    Event,
    Pace,
    Send,
    Wait,
    Waiting,
    joins,
    next_step,
    opens_at,
    retry_at,
    sooner,
)

PACE: Final = Pace()


def message(
    name: str, event: Event = "firing", at: float = 0.0, *, attempts: int = 0, alerts: str = "a"
) -> Waiting:
    return Waiting(name, event, at, at, attempts, frozenset(alerts))


class Channel:
    """A channel as the outbox keeps it, in memory, with a receiver that may be down."""

    def __init__(self) -> None:
        self.now = 1_000_000.0
        self.waiting: list[Waiting] = []
        self.last: dict[Event, float] = {}
        self.attempts: dict[str, list[float]] = {}
        self.heard: list[Waiting] = []
        self.lost: list[Waiting] = []
        self.up = True
        self.took = 0.0
        self.made = 0

    def tell(self, event: Event, alert: str) -> None:
        found = joins(self.waiting, event)
        if found is None:
            opens = opens_at(self.last.get(event), self.now, PACE)
            self.last[event] = opens
            self.made += 1
            found = Waiting(f"{self.made:06}", event, self.now, opens)
            self.waiting.append(found)
        self._put(found._replace(alerts=found.alerts | {alert}))

    def until(self, end: float) -> None:
        """Let time pass."""
        while self.now <= end:
            step = next_step(self.waiting, self.now, PACE)
            if isinstance(step, Wait):
                if step.until is None or step.until > end:
                    break
                self.now = max(step.until, self.now)
            else:
                self._try(step.id)
        self.now = max(self.now, end)

    def _try(self, name: str) -> None:
        (one,) = (one for one in self.waiting if one.id == name)
        started = self.now
        assert started >= one.due_at
        one = one._replace(attempts=one.attempts + 1)
        self.attempts.setdefault(name, []).append(started)
        self._put(one)
        if self.up:
            self._drop(one)
            self.heard.append(one)
            for late in sooner(self.waiting, started, PACE):
                self._put(next(x for x in self.waiting if x.id == late)._replace(due_at=self.now))
            return
        self.now += self.took
        due = retry_at(one.created_at, one.attempts, started, self.now, PACE)
        if due is None:
            self._drop(one)
            self.lost.append(one)
        else:
            self._put(one._replace(due_at=due))

    def _put(self, one: Waiting) -> None:
        self.waiting = sorted([*(x for x in self.waiting if x.id != one.id), one])

    def _drop(self, one: Waiting) -> None:
        self.waiting = [x for x in self.waiting if x.id != one.id]


def test_the_first_is_told_at_once_and_what_follows_within_ten_seconds_together() -> None:
    channel = Channel()
    begin = channel.now
    for second in range(10):
        channel.until(begin + second)
        channel.tell("firing", f"a{second}")
    channel.until(begin + 60)
    assert [sorted(one.alerts) for one in channel.heard] == [
        ["a0"], [f"a{second}" for second in range(1, 10)],
    ]  # fmt: skip
    assert list(channel.attempts.values()) == [[begin], [begin + 10]]


def test_attempts_are_at_most_thirty_seconds_apart_for_ten_minutes_then_five_minutes() -> None:
    channel = Channel()
    begin, channel.up, channel.took = channel.now, False, 10.0
    channel.tell("firing", "a")
    channel.until(begin + 3600)
    (times,) = channel.attempts.values()
    gaps = [(a - begin, b - a) for a, b in pairwise(times)]
    assert all(gap <= 30 for at, gap in gaps if at < 570)
    assert {gap for at, gap in gaps if at > 600} == {300}
    assert len(times) < 45


def test_it_is_given_up_after_a_week_but_never_untried() -> None:
    channel = Channel()
    begin, channel.up = channel.now, False
    channel.tell("firing", "a")
    channel.until(begin + 8 * 86_400)
    assert [one.id for one in channel.lost] == ["000001"]
    assert channel.attempts["000001"][-1] <= begin + PACE.give_up
    old = message("x", at=begin - 30 * 86_400)
    assert next_step([old], begin, PACE) == Send("x")


def test_a_clock_that_jumps_ahead_gives_up_nothing() -> None:
    channel = Channel()
    channel.up = False
    channel.tell("firing", "a")
    channel.until(channel.now + 60)
    channel.now += 2 * PACE.give_up
    channel.until(channel.now + 3600)
    assert not channel.lost
    channel.up = True
    channel.until(channel.now + PACE.slow_cap)
    assert [sorted(one.alerts) for one in channel.heard] == [["a"]]


def test_a_receiver_that_comes_back_is_told_everything_soon_in_few_messages() -> None:
    channel = Channel()
    begin, channel.up = channel.now, False
    for minute in range(90):
        channel.until(begin + 60 * minute)
        channel.tell("firing", f"a{minute}")
    channel.up = True
    back = channel.now
    channel.until(back + PACE.slow_cap)
    assert not channel.waiting
    assert len(channel.heard) == PACE.tried + 1
    assert {alert for one in channel.heard for alert in one.alerts} == {
        f"a{minute}" for minute in range(90)
    }


def test_nobody_hears_of_an_end_before_the_beginning() -> None:
    stuck = message("1", attempts=3, alerts="a")._replace(due_at=100.0)
    end = message("2", "resolved", alerts="a")
    other = message("3", "resolved", alerts="b")
    assert next_step([stuck, end], 50.0, PACE) == Wait(100.0)
    assert next_step([stuck, end, other], 50.0, PACE) == Send("3")


def test_only_so_many_are_tried_at_the_same_time() -> None:
    tried = [message(str(n), attempts=1)._replace(due_at=60.0) for n in range(PACE.tried)]
    assert next_step([*tried, message("9")], 0.0, PACE) == Wait(60.0)
    assert next_step([*tried[1:], message("9")], 0.0, PACE) == Send("9")


def test_a_full_message_and_one_that_was_tried_take_nothing_more() -> None:
    full = Waiting("1", "firing", 0, 0, 0, frozenset(map(str, range(MAX_MESSAGE_ALERTS))))
    begun, other = message("2", attempts=1), message("3", "resolved")
    assert joins([full, begun, other], "firing") is None
    assert joins([full, begun, other], "resolved") == other


@pytest.mark.parametrize("back", [3600.0, 400 * 86_400.0])
def test_a_wall_clock_that_is_set_back_delays_nothing_for_long(back: float) -> None:
    now = 1_000_000_000.0 - back
    assert opens_at(1_000_000_000.0, now, PACE) == now + PACE.gather
    stuck = message("1", attempts=9)._replace(due_at=1_000_000_000.0)
    assert next_step([stuck], now, PACE) == Send("1")


Happening = st.tuples(
    st.sampled_from(["fire", "end", "up", "down"]), st.floats(0, 400), st.sampled_from([0.0, 10.0])
)


@given(st.lists(Happening, max_size=40))
def test_whatever_happens_all_is_told_once_and_in_order(happenings: list[tuple[str, float, float]]
) -> None:  # fmt: skip
    channel, fired, ended = Channel(), list[str](), list[str]()
    for what, pause, took in happenings:
        if what == "fire":
            fired.append(f"a{len(fired)}")
            channel.tell("firing", fired[-1])
        elif what == "end" and len(ended) < len(fired):
            ended.append(fired[len(ended)])
            channel.tell("resolved", ended[-1])
        elif what in ("up", "down"):
            channel.up = what == "up"
        channel.took = took
        channel.until(channel.now + pause)
        tried = sum(not one.is_open for one in channel.waiting)
        assert tried <= PACE.tried
    channel.up = True
    channel.until(channel.now + 2 * PACE.slow_cap)
    assert not channel.waiting
    told = [(one.event, alert) for one in channel.heard for alert in one.alerts]
    assert sorted(told) == sorted(
        [("firing", one) for one in fired] + [("resolved", one) for one in ended]
    )
    for alert in ended:
        assert told.index(("firing", alert)) < told.index(("resolved", alert))
    for times in channel.attempts.values():
        assert times == sorted(times)
