"""Which sample an agent of a swarm sends next: the rule of real agents."""

from __future__ import annotations

import itertools

import msgspec

from benchmarks.swarm.samples import RESEND_SECONDS, STEPS, Spool, Walk
from chatops.protocol.metric_names import all_values
from chatops.protocol.metrics import Sample


def spool(count: int, window: int) -> Spool:
    """With samples of an outage, at the beginning of a session."""
    made = Spool()
    for number in range(count):
        made.take(float(number))
    made.restart(window)
    return made


def sent(made: Spool, now: float = 0.0) -> list[int]:
    """All that goes now."""
    found = []
    while (seq := made.next(now)) is not None:
        found.append(seq)
    return found


def test_the_newest_goes_first_then_the_oldest_in_half_the_window() -> None:
    made = spool(10, window=4)
    assert sent(made) == [10, 1]
    made.take(10.0)
    assert sent(made) == [11]
    made.ack(10)
    made.ack(1)
    assert sent(made) == [2]


def test_all_of_them_go_once() -> None:
    made = spool(100, window=8)
    order: list[int] = []
    while some := sent(made):
        order += some
        for seq in some:
            assert made.ack(seq) == 0.0
    assert order == [100, *range(1, 100)]
    assert made.first == made.last + 1


def test_what_is_not_acked_goes_again_after_a_while_and_in_the_next_session() -> None:
    made = spool(2, window=8)
    assert sent(made) == [2, 1]
    made.take_back(RESEND_SECONDS - 1)
    assert sent(made) == []
    made.take_back(RESEND_SECONDS + 1)
    assert sorted(sent(made, RESEND_SECONDS + 1)) == [1, 2]
    made.restart(8)
    assert sent(made) == [2, 1]


def test_an_ack_that_comes_twice_is_no_ack() -> None:
    made = spool(1, window=8)
    sent(made)
    assert made.ack(1) == 0.0
    assert made.ack(1) is None


def test_the_walk_has_no_leap() -> None:
    walk = Walk()
    decode = msgspec.json.Decoder(Sample).decode
    values = [dict(all_values(decode(walk.text(step)))) for step in range(2 * STEPS + 2)]
    assert len(values[0]) > 40
    for before, after in itertools.pairwise(values):
        assert before.keys() == after.keys()
        assert abs(before["cpu"] - after["cpu"]) < 10
