"""What an agent is told to ship."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from chatops.agent.logs.rate import BURST, Rate
from chatops.agent.logs.wanted import WantedContainers, WantedFile, WantedUnits, parse_wanted
from chatops.errors import InvalidInput


def test_paths_globs_and_starts() -> None:
    plain, start, glob = parse_wanted(["/var/log/a.log", "/var/log/b.log@start", "/var/log/*.log"])
    assert isinstance(plain, WantedFile)
    assert isinstance(start, WantedFile)
    assert isinstance(glob, WantedFile)
    assert (plain.pattern, plain.start, plain.is_glob) == ("/var/log/a.log", False, False)
    assert (start.pattern, start.start) == ("/var/log/b.log", True)
    assert glob.is_glob


def test_a_table_says_more() -> None:
    (one,) = parse_wanted(
        [{"file": "/a", "start": True, "entry": r"^\d", "hide": ["pin=.*"], "rate": 5}]
    )
    assert one.entry is not None
    assert one.entry.search("2026 …")
    assert one.hide[0].sub("***", "pin=1234") == "***"
    assert (one.start, one.rate) == (True, 5)


def test_units_and_containers() -> None:
    nginx, php, everything, web = parse_wanted(
        ["unit:nginx@start", {"unit": ["php8-fpm.service", "php?"]}, "unit:*", "container:web-*"]
    )
    assert isinstance(nginx, WantedUnits)
    assert (nginx.units, nginx.exact, nginx.start) == (("nginx.service",),) * 2 + (True,)
    assert isinstance(php, WantedUnits)
    assert not php.exact
    assert [php.names(one) for one in ("php8-fpm.service", "php7.service", "php", None)] == [
        True, True, False, False,
    ]  # fmt: skip
    assert isinstance(everything, WantedUnits)
    assert everything.names(None)
    assert isinstance(web, WantedContainers)
    assert [web.names(one) for one in ("web-1", "db")] == [True, False]


def test_readers_of_the_journal_are_bounded() -> None:
    parse_wanted([f"unit:a{number}" for number in range(16)])
    with pytest.raises(InvalidInput, match="more than 16 processes"):
        parse_wanted([f"unit:a{number}" for number in range(17)])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("app.log", "'app.log' is not the whole path of a log"),
        ("/var/log/", "'/var/log/' is not the whole path of a log"),
        ("@start", "'' is not the whole path of a log"),
        ({}, "a log in the file: name one of file, unit and container"),
        ({"file": "/a", "unit": "b"}, "a log in the file: name one of file, unit and container"),
        ({"unit": []}, "a log in the file: unit is no name"),
        ({"file": ["/a", "/b"]}, "a log in the file: file is no name"),
        ("unit:", "'' is no name of a unit"),
        ("unit:-a", "'-a' is no name of a unit"),
        ("unit:a b", "'a b' is no name of a unit"),
        ("container:a/b", "'a/b' is no name of a container"),
        ({"file": "/a", "colour": 1}, "a log in the file: no key 'colour'"),
        ({"file": "/a", "entry": "("}, "log /a: entry is no pattern: "),
        ({"file": "/a", "hide": "x"}, "log /a: hide is no list of patterns"),
        ({"file": "/a", "hide": [7]}, "log /a: hide is no pattern: no text"),
        ({"file": "/a", "rate": 0}, "log /a: rate is no number of lines a second"),
        ({"file": "/a", "rate": True}, "log /a: rate is no number of lines a second"),
    ],
)
def test_what_cannot_be_says_why(given: Any, why: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_wanted([given])
    assert caught.value.message.startswith(why)


def test_a_glob_names_logs_and_not_their_older_files(tmp_path: Path) -> None:
    for name in ("a.log", "a.log.1", "b.log-20261125", "c.log"):
        (tmp_path / name).touch()
    (wanted,) = parse_wanted([f"{tmp_path}/*"])
    assert isinstance(wanted, WantedFile)
    found = [path.name for path in wanted.paths([])]
    assert found == ["a.log", "b.log-20261125", "c.log"]
    assert [path.name for path in wanted.paths([tmp_path / "b.log"])] == ["a.log", "c.log"]
    (plain,) = parse_wanted([f"{tmp_path}/not-there"])
    assert isinstance(plain, WantedFile)
    assert plain.paths([]) == [tmp_path / "not-there"]


def test_a_glob_of_thousands_of_logs_looks_at_each_name_and_at_no_two(tmp_path: Path) -> None:
    logs = [f"app-x{number}.log" for number in range(2000)]
    for name in [*logs, "app-x7-20261125.log", "app-x8.log.1", "app-x9.1.log"]:
        (tmp_path / name).touch()
    (wanted,) = parse_wanted([f"{tmp_path}/*"])
    assert isinstance(wanted, WantedFile)
    began = time.process_time()
    assert [path.name for path in wanted.paths([])] == sorted(logs)
    assert time.process_time() - began < 5, "two and two of them would take minutes"


def test_lines_above_the_rate_are_counted_and_said() -> None:
    rate = Rate(10)
    assert sum(rate.takes(0.0) for _ in range(1000)) == 10 * BURST
    assert rate.said() == "900 lines left out: more than 10 a second"
    assert [rate.takes(0.15), rate.takes(0.15)] == [True, False]
    assert rate.said() == "1 line left out: more than 10 a second"
    assert all(Rate(None).takes(0.0) for _ in range(1000))
