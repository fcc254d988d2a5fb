from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.cli.charts.axes import time_axis, value_axis
from chatops.units import parse_time

VALUES = st.floats(-1e18, 1e18)


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A zone whose clock is put forward and back."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("least", "most", "unit", "labels"),
    [
        (3.0, 62.0, "%", ["0%", "20%", "40%", "60%", "80%"]),
        (0.2, 0.9, "%", ["0.00%", "0.25%", "0.50%", "0.75%", "1.00%"]),
        (0.0, 3.0 * 2**20, "B/s", ["0 B/s", "1 MiB/s", "2 MiB/s", "3 MiB/s"]),
        (8 * 2**30, 8 * 2**30 + 2**23, "B",
         ["8192 MiB", "8194 MiB", "8196 MiB", "8198 MiB", "8200 MiB"]),
        (1e6, 1e6 + 100, "s", ["999990s", "1000020s", "1000050s", "1000080s", "1000110s"]),
        (-3.0, 1.5, "s", ["-4s", "-2s", "0s", "2s"]),
        (301.0, 303.0, "", ["301.0", "301.5", "302.0", "302.5", "303.0"]),
        (0.0, 0.0, "", ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (80.0, 80.0, "", ["0", "20", "40", "60", "80"]),
        (0.0, 3e7, "", ["0", "1e+07", "2e+07", "3e+07"]),
    ],
)  # fmt: skip
def test_values_are_marked_at_round_places(
    least: float, most: float, unit: str, labels: list[str]
) -> None:
    axis = value_axis(least, most, unit, 5)
    assert axis.labels == labels
    assert axis.low <= least <= most <= axis.high


@given(VALUES, VALUES, st.sampled_from(["%", "B", "B/s", "s", "", "°C"]), st.integers(0, 6))
def test_an_axis_has_room_for_its_values(one: float, other: float, unit: str, marks: int) -> None:
    axis = value_axis(min(one, other), max(one, other), unit, marks)
    assert axis.low < axis.high
    slack = 1e-6 * max(abs(one), abs(other))
    assert axis.low - slack <= min(one, other)
    assert max(one, other) <= axis.high + slack
    assert len(axis.places) == len(axis.labels) <= 20


@pytest.mark.parametrize(
    ("since", "until", "labels"),
    [
        ("2026-11-25T18:00:00Z", "2026-11-25T19:00:00Z",
         ["19:00", "19:10", "19:20", "19:30", "19:40", "19:50", "20:00"]),
        ("2026-11-25T18:00:01Z", "2026-11-25T18:00:11Z",
         ["19:00:02", "19:00:04", "19:00:06", "19:00:08", "19:00:10"]),
        ("2026-11-25T18:00:00Z", "2026-11-26T06:00:00Z",
         ["20:00", "22:00", "11-26", "02:00", "04:00", "06:00"]),
        ("2026-11-01T00:00:00Z", "2026-11-30T00:00:00Z",
         ["11-02", "11-09", "11-16", "11-23", "11-30"]),
        ("2026-03-28T22:00:00Z", "2026-03-29T04:00:00Z",  # 02:00 is not there
         ["23:00", "03-29", "01:00", "03:00", "04:00", "05:00", "06:00"]),
        ("2026-10-24T21:00:00Z", "2026-10-25T03:00:00Z",  # 02:00 comes twice
         ["23:00", "10-25", "01:00", "02:00", "03:00", "04:00"]),
    ],
)  # fmt: skip
def test_times_are_marked_at_round_local_times(
    since: str, until: str, labels: list[str], berlin: None
) -> None:
    begin, end = parse_time(since), parse_time(until)
    axis = time_axis(begin, end, 64)
    assert axis.labels == labels
    assert axis.places == sorted(set(axis.places))
    assert begin <= axis.places[0]
    assert axis.places[-1] <= end


@given(st.floats(1, 3e8), st.integers(15, 300))
def test_marks_of_times_do_not_run_into_one_another(span: float, width: int) -> None:
    axis = time_axis(1.7e9 - span, 1.7e9, width)
    assert sum(len(label) + 1 for label in axis.labels) <= width + 12


def test_marks_at_seconds_have_room_where_time_begins_at_midnight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    try:
        axis = time_axis(1.7e9 - 60, 1.7e9, 60)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert axis.labels == ["22:12:30", "22:12:45", "22:13:00", "22:13:15"]
