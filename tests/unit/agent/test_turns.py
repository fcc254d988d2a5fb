"""What is sent next, of numbers alone."""

from __future__ import annotations

from chatops.agent.turns import RESEND_SECONDS, Turns
from chatops.clock import FakeClock


class Held:
    """Numbers, as the store holds them."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def next(self, number: int) -> int | None:
        return min((one for one in self.numbers if one >= number), default=None)


def old(turns: Turns, held: Held) -> int | None:
    number = turns.next_old(held.next) if turns.room else None
    if number is not None:
        turns.sent(number)
    return number


def live(turns: Turns) -> int | None:
    number = turns.next_live()
    if number is not None:
        turns.sent(number)
    return number


def test_the_newest_goes_first_and_what_is_left_over_follows_in_order() -> None:
    turns, held = Turns(FakeClock()), Held(1, 2, 3, 4, 5)
    turns.restart(64, 5)
    assert [live(turns), live(turns)] == [5, None]
    assert [old(turns, held) for _ in range(5)] == [1, 2, 3, 4, None]


def test_what_is_left_over_leaves_half_of_the_window_to_live_samples() -> None:
    turns, held = Turns(FakeClock()), Held(*range(1, 11))
    turns.restart(4, 10)
    assert [live(turns), old(turns, held), old(turns, held)] == [10, 1, None]
    turns.add(11)
    held.numbers.append(11)
    assert live(turns) == 11
    turns.acked(10)
    turns.acked(1)
    held.numbers.remove(1)
    held.numbers.remove(10)
    assert old(turns, held) == 2


def test_a_window_of_one_lets_both_go_in_turn() -> None:
    turns, held = Turns(FakeClock()), Held(1, 2)
    turns.restart(1, 2)
    assert [live(turns), old(turns, held)] == [2, None]
    turns.acked(2)
    held.numbers.remove(2)
    assert old(turns, held) == 1


def test_live_samples_that_wait_are_not_taken_for_old_ones() -> None:
    turns, held = Turns(FakeClock()), Held(1)
    turns.restart(64, None)
    turns.add(2)
    held.numbers.append(2)
    assert [old(turns, held), old(turns, held)] == [1, None]
    assert live(turns) == 2


def test_of_too_many_live_ones_the_oldest_are_left_over() -> None:
    turns, held = Turns(FakeClock()), Held(*range(1, 101))
    turns.restart(64, None)
    for number in held.numbers:
        turns.add(number)
    assert live(turns) == 100
    assert old(turns, held) == 1


def test_what_is_not_acked_for_long_is_sent_again() -> None:
    clock = FakeClock()
    turns, held = Turns(clock), Held(1, 2)
    turns.restart(64, 2)
    assert [live(turns), old(turns, held)] == [2, 1]
    clock.advance(RESEND_SECONDS - 1)
    turns.take_back()
    assert old(turns, held) is None
    clock.advance(1)
    turns.take_back()
    assert [old(turns, held), old(turns, held), old(turns, held)] == [1, 2, None]
