"""Samples waiting for their acks: bounded, in order, each sent once a session."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chatops.agent.spool import RESEND_SECONDS, Spool
from chatops.clock import FakeClock
from chatops.protocol import codec
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Sample


def sequence(frame: str | None) -> int | None:
    if frame is None:
        return None
    message = codec.from_agent().decode(frame)
    assert isinstance(message, Metrics)
    return message.seq


def filled(count: int, **bounds: int) -> Spool:
    spool = Spool(**bounds)
    for number in range(count):
        spool.append(float(number), Sample())
    return spool


def test_numbers_count_from_one_in_an_epoch_of_its_own() -> None:
    assert Spool().epoch != Spool().epoch
    spool = Spool()
    assert [spool.append(0.0, Sample()) for _ in range(3)] == [1, 2, 3]


def test_the_newest_goes_first_and_what_is_left_over_follows_in_order() -> None:
    spool = filled(5)
    spool.restart()
    assert sequence(spool.next_live()) == 5
    assert spool.next_live() is None
    assert [sequence(spool.next_old()) for _ in range(5)] == [1, 2, 3, 4, None]


def test_a_backlog_leaves_half_of_the_window_to_live_samples() -> None:
    spool = filled(10)
    spool.restart(window=4)
    assert sequence(spool.next_live()) == 10
    assert sequence(spool.next_old()) == 1
    assert spool.next_old() is None
    assert spool.waiting
    spool.append(0.0, Sample())
    assert sequence(spool.next_live()) == 11
    spool.ack(spool.epoch, 10)
    spool.ack(spool.epoch, 1)
    assert sequence(spool.next_old()) == 2


def test_acks_of_another_epoch_or_of_nothing_change_nothing() -> None:
    spool = filled(1)
    spool.ack("other", 1)
    spool.ack(spool.epoch, 99)
    assert len(spool) == 1
    spool.ack(spool.epoch, 1)
    spool.ack(spool.epoch, 1)
    assert len(spool) == 0


def test_when_it_is_full_the_oldest_go_and_are_counted() -> None:
    spool = filled(10, max_samples=3)
    assert (len(spool), spool.dropped) == (3, 7)
    spool.restart()
    assert [sequence(spool.next_live()), sequence(spool.next_old())] == [10, 8]


def test_bytes_are_bounded_too_and_the_last_sample_always_stays() -> None:
    spool = filled(50, max_bytes=1000)
    assert 1 < len(spool) < 50
    assert len(filled(3, max_bytes=1)) == 1


def test_what_is_not_acked_for_long_is_sent_again_in_the_same_session() -> None:
    clock = FakeClock()
    spool = Spool(clock=clock)
    spool.append(0.0, Sample())
    spool.restart()
    assert sequence(spool.next_live()) == 1
    clock.advance(RESEND_SECONDS - 1)
    spool.append(0.0, Sample())
    assert [sequence(spool.next_live()), spool.next_old()] == [2, None]
    clock.advance(1)
    spool.append(0.0, Sample())
    assert [sequence(spool.next_live()), sequence(spool.next_old())] == [3, 1]
    assert spool.next_old() is None


class SpoolMachine(RuleBasedStateMachine):
    """The spool against a plain list of what was appended and not acked."""

    def __init__(self) -> None:
        super().__init__()
        self.spool = Spool(max_samples=8)
        self.kept: list[int] = []
        self.sent: set[int] = set()
        self.count = 0
        self.window = 64

    @rule()
    def append(self) -> None:
        self.count += 1
        assert self.spool.append(0.0, Sample()) == self.count
        self.kept = [*self.kept, self.count][-8:]

    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        if self.sent:
            number = data.draw(st.sampled_from(sorted(self.sent)))
            self.spool.ack(self.spool.epoch, number)
            self.kept = [one for one in self.kept if one != number]
            self.sent.discard(number)

    @rule(live=st.booleans())
    def send(self, live: bool) -> None:
        number = sequence(self.spool.next_live() if live else self.spool.next_old())
        if number is not None:
            assert number in self.kept
            assert number not in self.sent
            self.sent.add(number)

    @rule(window=st.integers(1, 6))
    def restart(self, window: int) -> None:
        self.spool.restart(window)
        self.window = window
        self.sent.clear()

    @invariant()
    def bounded(self) -> None:
        assert len(self.spool) == len(self.kept)
        assert len(self.sent & set(self.kept)) <= self.window
        assert self.spool.dropped <= self.count


TestSpool = SpoolMachine.TestCase
