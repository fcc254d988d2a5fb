"""How many events of a container become lines."""

from __future__ import annotations

from chatops.agent import event_pace
from chatops.agent.event_pace import BURST, EVERY, Admitted, EventPace
from chatops.agent.event_words import ContainerEvent


def event(number: int, container: str = "a") -> ContainerEvent:
    return ContainerEvent(number, container, "start", container)


def shown(admitted: list[Admitted]) -> list[tuple[int, int]]:
    return [(one.event.nano, one.left_out) for one in admitted if one.shown]


def test_a_few_are_all_told() -> None:
    pace = EventPace()
    told = [shown(pace.admit(event(n), 0.0)) for n in range(BURST)]
    assert told == [[(n, 0)] for n in range(BURST)]
    assert not pace.holds
    assert pace.due(1e9) == pace.rest() == []


def test_of_a_flood_the_newest_is_told_now_and_then_with_how_many_are_not() -> None:
    pace = EventPace()
    lines, left_out = list[tuple[int, int]](), 0
    for number in range(10_000):
        now = number / 100
        admitted = pace.due(now) + pace.admit(event(number), now)
        lines += shown(admitted)
        left_out += sum(not one.shown for one in admitted)
    assert BURST + 100 / EVERY - 1 <= len(lines) <= BURST + 100 / EVERY
    assert lines[BURST][1] > 1900
    lines += shown(pace.rest())
    assert lines[-1][0] == 9999
    assert len(lines) + sum(count for _, count in lines) == 10_000
    assert left_out == sum(count for _, count in lines)
    assert lines == sorted(lines)


def test_a_quiet_container_is_told_while_another_floods() -> None:
    pace = EventPace()
    for number in range(1000):
        pace.admit(event(number), 0.0)
    assert shown(pace.admit(event(1, "b"), 0.0)) == [(1, 0)]
    assert pace.due(EVERY / 2) == []
    assert shown(pace.due(EVERY)) == [(999, 1000 - BURST - 1)]


def test_memory_is_bounded_and_nothing_held_is_lost() -> None:
    pace = EventPace()
    for number in range(BURST + 2):
        pace.admit(event(number), 0.0)
    told = [one for n in range(event_pace.MOST) for one in pace.admit(event(n, f"c{n}"), 0.0)]
    assert len(pace._buckets) == event_pace.MOST
    assert (BURST + 1, 1) in shown(told)
