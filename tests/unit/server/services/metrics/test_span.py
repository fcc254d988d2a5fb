"""Which level answers which question."""

from __future__ import annotations

from itertools import pairwise

import pytest

from chatops.errors import InvalidInput
from chatops.server.services.metrics.span import (
    HistoryQuery,
    Kept,
    Place,
    plan,
    read_cursor,
    write_cursor,
)

NOW = 1_800_000_000.0
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
KEPT = Kept(DAY, (7 * DAY, 90 * DAY, 730 * DAY))


def step_of(ago: float, step: float | None) -> float | None:
    return plan(HistoryQuery(("cpu",), NOW - ago, NOW, step, 10), KEPT, NOW).step


@pytest.mark.parametrize(
    ("ago", "asked", "given"),
    [
        (HOUR, None, None),
        (DAY, None, None),
        (DAY + 1, None, None),  # it was a day when it was asked
        (DAY + HOUR, None, MINUTE),
        (7 * DAY + 1, None, MINUTE),
        (8 * DAY, None, 10 * MINUTE),
        (91 * DAY, None, HOUR),
        (10_000 * DAY, None, HOUR),
        (HOUR, 10.0, 10.0),
        (2 * DAY, 10.0, MINUTE),
        (HOUR, MINUTE, MINUTE),
        (HOUR, 90.0, 2 * MINUTE),
        (HOUR, 15 * MINUTE, 15 * MINUTE),
        (8 * DAY, 15 * MINUTE, 20 * MINUTE),
        (HOUR, 90 * MINUTE, 90 * MINUTE),
        (8 * DAY, MINUTE, 10 * MINUTE),
        (100 * DAY, DAY, DAY),
    ],
)
def test_the_step_that_an_answer_has(ago: float, asked: float | None, given: float | None) -> None:
    assert step_of(ago, asked) == given


@pytest.mark.parametrize("place", [Place(NOW, None), Place(NOW + 0.125, 60.0), Place(0.0, 1.0)])
def test_a_cursor_brings_back_the_place(place: Place) -> None:
    text = write_cursor(*place)
    assert text is not None
    assert read_cursor(text) == place


def test_there_is_no_cursor_at_the_end() -> None:
    assert write_cursor(None, 60.0) is None


@pytest.mark.parametrize("text", ["", "1", "1/2/3", "x/60", "1/0.5", "nan/60", "1/inf", "1/-60"])
def test_other_cursors_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        read_cursor(text)


@pytest.mark.parametrize("step", [None, 7.0, MINUTE, HOUR])
@pytest.mark.parametrize("metrics", [0, 1, 20, 1000, 100_000])
def test_windows_cover_the_span_and_are_shorter_the_more_is_read(
    step: float | None, metrics: int
) -> None:
    how = plan(HistoryQuery(None, NOW - 20 * HOUR - 5, NOW, step, 10), KEPT, NOW)
    windows = list(how.windows(metrics))
    assert (windows[0][0], windows[-1][1]) == (how.since, NOW)
    assert all(one[1] == after[0] for one, after in pairwise(windows))
    longest = max(until - since for since, until in windows)
    least = how.level.span if how.level else step or 1.0
    most = 24 * how.level.span if how.level else HOUR
    assert longest <= max(least, most / max(1, metrics // 20))
