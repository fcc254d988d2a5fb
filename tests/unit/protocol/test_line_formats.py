"""What lines say of themselves, in the formats that hosts have."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.line_formats import LEVELS, Said, read

NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ('{"ts": "2026-11-25T12:00:00Z", "level": "warn", "msg": "x"}', "warning"),
        ('{"@timestamp": "2026-11-25T13:00:00+01:00", "log.level": "FATAL"}', "critical"),
        ('{"time": 1795608000000, "level": 50}', "error"),
        ('{"ts": 1795608000.0, "severity": "NOTICE"}', "info"),
        ('time="2026-11-25T12:00:00Z" level=warning msg="a level=debug b"', "warning"),
        ("level=debug ts=2026-11-25T12:00:00.000Z caller=x.go:1", "debug"),
        ("2026-11-25 12:00:00,000Z - root - ERROR - it is bad", "error"),
        ("[2026-11-25 12:00:00 +0000] [7] [CRITICAL] worker", "critical"),
        ("<34>1 2026-11-25T12:00:00Z host app 1 - - hello", "critical"),
        ('1.2.3.4 - - [25/Nov/2026:12:00:00 +0000] "GET / HTTP/1.1" 503 12', "error"),
        ('1.2.3.4 - - [25/Nov/2026:13:00:00 +0100] "GET /error HTTP/1.1" 404 12', "info"),
        ("2026-11-25T12:00:00Z something happened in the errors page", None),
    ],
)
def test_times_and_levels(line: str, level: str | None) -> None:
    assert read(line, NOON) == Said(NOON, level)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("Nov 25 12:00:00 host sshd[7]: error: no key", "error"),
        ("<13>Nov 25 12:00:00 host app: started", "info"),
        ("2026/11/25 12:00:00 [error] 7#0: *1 open() failed", "error"),
        ("2026-11-25 12:00:00 [warn] config", "warning"),
        ("E1125 12:00:00.000000       1 main.go:7] gone", "error"),
    ],
)
def test_a_time_without_a_zone_is_the_hosts(line: str, level: str) -> None:
    said = read(line, NOON)
    here = datetime(2026, 11, 25, 12, 0, 0).timestamp()  # noqa: DTZ001  (that is what is meant)
    assert said == Said(here, level)


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("ERROR:root:bad", "error"),
        ('INFO:     127.0.0.1:5000 - "GET /"', "info"),
        ("Traceback (most recent call last):", "error"),
        ("panic: runtime error", "critical"),
        ("no word of it", None),
        ("/var/log/ERROR/x was opened", None),
        ("{not json ERROR", "error"),
        ('{"msg": "no time"}', None),
        ('{"ts": true, "level": {"a": 1}}', None),
        ("[1, 2]", None),
        ("", None),
    ],
)
def test_lines_without_a_time(line: str, level: str | None) -> None:
    assert read(line, NOON) == Said(None, level)


def test_a_year_that_is_not_told_is_the_nearest() -> None:
    new_year = datetime(2027, 1, 1, 0, 0, 5, tzinfo=UTC).timestamp()
    said = read("Dec 31 12:00:00 host app: x", new_year)
    assert said.ts is not None
    assert 0 < new_year - said.ts < 2 * 86_400


@pytest.mark.parametrize(
    "line",
    [
        "2026-02-30T00:00:00Z x", "9999-12-31T23:59:59Z x", "0001-01-01T00:00:00Z x",
        "2026-11-25T99:00:00Z x", "Foo 25 12:00:00 host x", "Nov 31 12:00:00 host x",
        '{"ts": 1e300}', '{"ts": -5}', f'{{"ts": 1{"0" * 400}}}', f'{{"ts": -1{"0" * 400}}}',
        '{"ts": 42}', "ts=nan", "ts=inf",
        "[99/Nov/2026:12:00:00 +0000] x", "2026-11-25T12:00:00+99:99 x",
    ],
)  # fmt: skip
def test_what_is_no_time_is_none(line: str) -> None:
    assert read(line, NOON).ts is None or line.endswith("+99:99 x")


@given(st.text(max_size=400) | st.binary(max_size=400).map(lambda b: b.decode("latin-1")))
def test_no_line_is_too_strange(line: str) -> None:
    said = read(line, NOON)
    assert said.level is None or said.level in LEVELS
    assert said.ts is None or 0 < said.ts < 5e9


@given(
    st.sampled_from(['{"a":', "[", '{"level":"', "level=", "<1>", "2026-11-25T"]),
    st.integers(1, 3000),
)
def test_no_line_is_too_deep(part: str, times: int) -> None:
    read(part * times, NOON)
