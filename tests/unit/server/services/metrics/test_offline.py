"""The history of ``offline``, from connections that came and went."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.server.services.metrics.history import History, Point
from chatops.server.services.metrics.offline import Turn, merged, offline_points


def rows(*turns: Turn, since: float = 0, until: float = 180) -> list[tuple[float, ...]]:
    points, _ = offline_points(turns, since, until, None, 100)
    return [(one.ts, one.value, one.least, one.most) for one in points]


def test_while_connected_it_is_nothing() -> None:
    assert rows(Turn(-500, True)) == [(0, 0, 0, 0), (60, 0, 0, 0), (120, 0, 0, 0)]


def test_it_rises_from_the_moment_that_the_agent_left() -> None:
    found = rows(Turn(-500, True), Turn(30, False))
    assert found == [(0, 7.5, 0, 30), (60, 60, 30, 90), (120, 120, 90, 150)]


def test_it_ends_when_the_agent_comes_back() -> None:
    found = rows(Turn(-100, False), Turn(60, True), Turn(90, False))
    assert found == [(0, 130, 100, 160), (60, 7.5, 0, 30), (120, 60, 30, 90)]


def test_before_the_first_connection_nothing_is_known() -> None:
    assert rows() == []
    assert rows(Turn(70, True)) == [(60, 0, 0, 0), (120, 0, 0, 0)]


def test_a_span_may_begin_and_end_within_a_step() -> None:
    assert rows(Turn(0, False), since=30, until=90) == [(0, 45, 30, 60), (60, 75, 60, 90)]


def test_pages() -> None:
    points, following = offline_points([Turn(-1, True)], 0, 600, 60, 3)
    assert ([one.ts for one in points], following) == ([0, 60, 120], 180)
    assert offline_points([Turn(-1, True)], 0, 180, 60, 3)[1] is None


@given(
    st.lists(st.integers(-200, 700), unique=True, max_size=12).map(sorted),
    st.integers(0, 100), st.integers(101, 600), st.sampled_from([7, 60, 300]),
)  # fmt: skip
def test_it_is_what_looking_each_second_gives(
    times: list[int], since: int, until: int, step: int
) -> None:
    turns = [Turn(ts, number % 2 == 0) for number, ts in enumerate(times)]
    points, _ = offline_points(turns, since, until, step, 10_000)
    assert [one.ts for one in points] == sorted({one.ts for one in points})
    for point in points:
        seconds = [
            s + 0.5
            for s in range(max(int(point.ts), since), min(int(point.ts) + step, until))
            if turns and s >= turns[0].ts
        ]
        values = [_at(turns, second) for second in seconds]
        assert point.value == pytest.approx(sum(values) / len(values), abs=0.0006)
        assert point.least <= min(values)
        assert point.most >= max(values)


def _at(turns: list[Turn], second: float) -> float:
    last = [one for one in turns if one.ts <= second][-1]
    return 0.0 if last.online else second - last.ts


def test_rows_of_one_time_stay_together() -> None:
    cpu = [Point(ts, "cpu", 1, 1, 1) for ts in (0, 60, 120)]
    off = [Point(ts, "offline", 0, 0, 0) for ts in (0, 60, 120)]
    found = merged(History(cpu, None, []), off, None, 3)
    assert ([(p.ts, p.metric) for p in found.points], found.next) == (
        [(0, "cpu"), (0, "offline")], 60,
    )  # fmt: skip
    assert merged(History(cpu, None, []), off, None, 6).next is None
    assert merged(History(cpu, 180, []), off[:1], 60, 9).next == 60
    assert len(merged(History(cpu[:1], None, []), off[:1], None, 1).points) == 2


def test_the_time_before_the_first_connection_costs_nothing() -> None:
    begun = time.thread_time()
    points, _ = offline_points([Turn(1e9, online=True)], 0.0, 1e9 + 120.0, 60.0, 10)
    assert time.thread_time() - begun < 1.0
    assert [point.value for point in points] == [0.0] * 3
