"""Values as people read them."""

from __future__ import annotations

import pytest

from chatops.cli import show
from chatops.units import format_time


@pytest.mark.parametrize(
    ("passed", "text"),
    [(0, "0s ago"), (59.9, "59s ago"), (60, "1m ago"), (3599, "59m ago"), (7200, "2h ago"),
     (200_000, "2d ago"), (-5, "0s ago")],
)  # fmt: skip
def test_ages_are_coarse(passed: float, text: str) -> None:
    now = 1_700_000_000.0
    assert show.age(format_time(now - passed), now) == text


@pytest.mark.parametrize(
    ("left", "text"), [(200_000, "in 2d7h"), (7_199, "in 1h59m"), (60, "in 1m"), (0, "expired")]
)
def test_ends_are_told_to_two_units(left: float, text: str) -> None:
    now = 1_700_000_000.0
    assert show.ahead(format_time(now + left), now) == text
    assert show.ahead(None) is None


def test_a_time_that_is_none_is_shown_as_it_came() -> None:
    assert show.age("soon") == show.local("soon") == "soon"
    assert show.age(None) is show.local(None) is show.clock(None) is None


def test_local_times_are_of_this_machines_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "Etc/GMT-2")
    time.tzset()
    try:
        assert show.local("2026-01-02T23:04:05.678Z") == "2026-01-03 01:04:05"
        assert show.clock("2026-01-02T23:04:05.678Z") == "01:04:05"
        then = 1_767_395_045.678
        assert show.recent("2026-01-02T23:04:05.678Z", then + 86_399) == "01:04:05"
        assert show.recent("2026-01-02T23:04:05.678Z", then + 86_401) == "01-03"
        assert (show.recent(None), show.recent("soon")) == (None, "soon")
    finally:
        monkeypatch.undo()
        time.tzset()


def test_numbers_and_units() -> None:
    assert show.percent(12.345) == "12.3%"
    assert show.size(1536) == "1.5 KiB"
    assert show.rate(1536) == "1.5 KiB/s"
    assert [show.number(value) for value in (0, 1.5, 1.23456, 100)] == ["0", "1.5", "1.235", "100"]
    assert show.duration(90) == "1m30s"
    assert show.tags({"b": "2", "a": "1"}) == "a=1 b=2"
    for form in (show.percent, show.size, show.rate, show.number, show.duration):
        assert form(None) is None
    assert show.tags({}) is None
