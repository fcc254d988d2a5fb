"""Durations, sizes and times in their text forms."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.units import (
    exact_duration,
    exact_size,
    format_duration,
    format_size,
    format_time,
    parse_duration,
    parse_moment,
    parse_size,
    parse_time,
    time_or_none,
)

NOW = 1_767_323_045.678  # 2026-01-02T03:04:05.678Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("30s", 30),
        ("5m", 300),
        ("2h", 7200),
        ("7d", 604_800),
        ("2w", 1_209_600),
        ("1h30m", 5400),
        ("1.5h", 5400),
        ("0", 0),
        ("0s", 0),
        (" 5m ", 300),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "text",
    ["", "5", "m", "5 m", "5x", "-5m", "5m!", "1h 30m", "1e3s", ".5s", "5M", "٣s", "inf", "nan",
     "1m30", "9" * 400 + "s", "99999999w"],
)  # fmt: skip
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_duration(text)
    assert caught.value.hint


@given(st.text(max_size=12))
def test_a_duration_is_refused_or_finite(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except InvalidInput:
        return
    assert 0 <= seconds < float("inf")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (0.0004, "0s"),
        (0.9996, "1s"),
        (1, "1s"),
        (1.5, "1.5s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (12.4, "12s"),
        (59.6, "1m"),
        (90, "1m30s"),
        (3600, "1h"),
        (3661, "1h1m"),
        (86_400, "1d"),
        (90_061, "1d1h"),
        (86_405, "1d"),
        (604_800, "7d"),
        (-90, "-1m30s"),
    ],
)
def test_formatted_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@given(st.floats(min_value=0, max_value=1e9))
@example(0.9996)
@example(59.96)
def test_a_formatted_duration_reads_back_as_nearly_the_same(seconds: float) -> None:
    again = parse_duration(format_duration(seconds))
    assert again == pytest.approx(seconds, rel=0.06, abs=0.0006)


@given(st.floats(min_value=0, max_value=1e9))
def test_formatting_a_formatted_duration_changes_nothing(seconds: float) -> None:
    text = format_duration(seconds)
    assert format_duration(parse_duration(text)) == text


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("10", 10),
        ("10B", 10),
        ("64kB", 64_000),
        ("64KB", 64_000),
        ("64KiB", 65_536),
        ("1.5GiB", 1_610_612_736),
        ("2 MB", 2_000_000),
        ("9007199254740993B", 9_007_199_254_740_993),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "B", "-1", "1 XB", "1kiB", "1mB", "1.B", "1e3", "٣MB", "9" * 400, "1MB 2"]
)
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_size(text)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1024, "1 KiB"),
        (1_567_000_000, "1.46 GiB"),
        (1023 * 1024, "0.999 MiB"),
        (999.6 * 1024, "0.976 MiB"),
        (2**50, "1024 TiB"),
        (-2048, "-2 KiB"),
    ],
)
def test_formatted_sizes(size: float, text: str) -> None:
    assert format_size(size) == text


@given(st.integers(min_value=0, max_value=2**60))
def test_a_formatted_size_reads_back_as_nearly_the_same(size: int) -> None:
    assert parse_size(format_size(size)) == pytest.approx(size, rel=0.006, abs=0.5)


def test_times() -> None:
    assert format_time(NOW) == "2026-01-02T03:04:05.678Z"
    assert parse_time("2026-01-02T03:04:05.678Z") == pytest.approx(NOW)
    assert parse_time("2026-01-02T05:04:05.678+02:00") == pytest.approx(NOW)
    assert parse_time("2026-01-02t03:04:05.678z") == pytest.approx(NOW)
    assert parse_time("2026-01-02 03:04:05") == pytest.approx(NOW - 0.678)
    assert parse_time("2026-01-02") == pytest.approx(NOW - 0.678 - 3 * 3600 - 245)


@given(st.floats(min_value=0, max_value=253_402_300_799))
def test_a_time_survives_its_text_to_the_millisecond(ts: float) -> None:
    text = format_time(ts)
    assert parse_time(text) == pytest.approx(ts, abs=0.001, rel=0)
    assert format_time(parse_time(text)) == text


OFFSETS = st.integers(min_value=-14 * 60, max_value=14 * 60).map(
    lambda minutes: timezone(timedelta(minutes=minutes))
)


@given(st.datetimes(timezones=OFFSETS))
def test_offsets_are_heeded(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == moment.timestamp()


@given(st.floats(min_value=0, max_value=2**34), st.floats(min_value=0, max_value=2**34))
def test_formatted_times_sort_as_text(one: float, other: float) -> None:
    first, second = sorted((one, other))
    assert format_time(first) <= format_time(second)


@pytest.mark.parametrize("ts", [-1.0, -1e300, 1e300, float("inf")])
def test_a_time_that_cannot_be_written_is_the_nearest(ts: float) -> None:
    near = "1970-01-01T00:00:00.000Z" if ts < 0 else "9999-12-31T23:59:59.000Z"
    assert format_time(ts) == near


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-13-01", "2026-01-02T25:00:00Z", "1712061012345", "20260102",
     "2026-W01-1", "2026-01-02T03", "2026-01-02T03:04:05+2"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_time(text)


@given(st.text(max_size=30))
def test_any_text_is_refused_or_a_time(text: str) -> None:
    with suppress(InvalidInput):
        assert isinstance(parse_moment(text, NOW), float)


def test_a_moment_is_a_duration_ago_or_a_time() -> None:
    assert parse_moment("90s", NOW) == NOW - 90
    assert parse_moment("2026-01-02T03:04:05.678Z", 0.0) == pytest.approx(NOW)
    with pytest.raises(InvalidInput, match="neither a duration nor a time"):
        parse_moment("90", NOW)


@given(st.integers(0, 10**9))
@example(86_400)
@example(5400)
def test_an_exact_duration_is_read_as_the_same(millis: int) -> None:
    assert parse_duration(exact_duration(millis / 1000)) == millis / 1000


@given(st.integers(0, 10**15))
@example(65_536)
@example(1_500_000)
def test_an_exact_size_is_read_as_the_same(size: int) -> None:
    assert parse_size(exact_size(size)) == size


def test_a_time_may_be_unknown() -> None:
    assert (time_or_none(None), time_or_none(0.0)) == (None, "1970-01-01T00:00:00.000Z")


def test_exact_forms_are_the_shortest_that_people_write() -> None:
    seconds = (0, 0.5, 90, 3600, 5400, 172_800, 1.0)
    texts = ["0s", "0.5s", "90s", "1h", "90m", "2d", "1s"]
    assert [exact_duration(one) for one in seconds] == texts
    sizes = (0, 1500, 1024, 65_536, 10**6, 2**30, 10**10)
    texts = ["0B", "1500B", "1KiB", "64KiB", "1MB", "1GiB", "10GB"]
    assert [exact_size(one) for one in sizes] == texts
