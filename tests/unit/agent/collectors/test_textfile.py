"""Values of the host's own, from files that anybody may have written."""

from __future__ import annotations

import contextlib
import math
import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.collectors.textfile import (
    MAX_FILE,
    MAX_FILES,
    MAX_VALUES,
    TextfileCollector,
    Unusable,
    parse,
)

DAY = 86_400.0


def values(collector: TextfileCollector) -> dict[str, float | None]:
    return {one.name: one.value for one in collector()}


def test_names_are_written_with_their_labels_in_order() -> None:
    text = (
        '# TYPE jobs counter\njobs{z="1", a="x\\"y\\\\\\n"} 3.5\nage 7\n\nsmall -1e-3\nbare{} 2\n'
    )
    assert parse(text) == {
        'jobs{a="x\\"y\\\\\\n",z="1"}': 3.5,
        "age": 7,
        "small": -0.001,
        "bare": 2,
    }


def test_what_is_no_finite_number_is_left_out() -> None:
    assert parse("a NaN\nb +Inf\nc -Inf\nd 1\n") == {"d": 1}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("a 1", "half written"),
        ("a 1\nb\n", "line 2 is no value"),
        ("a one\n", "line 1 is no value"),
        ('a{b="c} 1\n', "line 1 is no value"),
        ("a 1 1700000000000\n", "line 1 has a time"),
        ("a 1\na 2\n", "line 2 has a name that stands there already"),
        (f"{'a' * 300} 1\n", "more than 256 characters"),
    ],
)
def test_a_file_with_an_error_counts_not_at_all(text: str, why: str) -> None:
    with pytest.raises(Unusable, match=why):
        parse(text)


@given(st.text())
def test_whatever_stands_there_is_read_or_refused(text: str) -> None:
    found = {}
    with contextlib.suppress(Unusable):
        found = parse(text)
    assert all(math.isfinite(value) for value in found.values())


def test_what_does_not_count_is_told_and_the_rest_counts(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text("a 1\n")
    (tmp_path / "b.prom").write_text("a 2\n")
    (tmp_path / "bytes.prom").write_bytes(b"\xff 1\n")
    (tmp_path / "huge.prom").write_text("# " + "x" * MAX_FILE + "\n")
    (tmp_path / "old.prom").write_text("o 1\n")
    os.utime(tmp_path / "old.prom", (0, time.time() - 2 * DAY))
    (tmp_path / "link.prom").symlink_to("/etc/passwd")
    (tmp_path / "folder.prom").mkdir()
    os.mkfifo(tmp_path / "fifo.prom")
    (tmp_path / ".hidden.prom").write_text("h 1\n")
    (tmp_path / "other.txt").write_text("t 1\n")
    collector = TextfileCollector(tmp_path, DAY)
    assert values(collector) == {"a": 1}
    assert collector.refused == {
        "b.prom": "a value of it stands in an earlier file, too",
        "bytes.prom": "it is not UTF-8",
        "huge.prom": "it is larger than 1 MiB",
        "old.prom": "it is stale: nobody has written it for too long",
        "link.prom": "it is a link",
        "folder.prom": "it is no ordinary file",
        "fifo.prom": "it is no ordinary file",
    }


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    collector = TextfileCollector(tmp_path, DAY)
    assert values(collector) == {}
    (tmp_path / "a.prom").write_text("a 1\n")
    assert values(collector) == {"a": 1}
    (tmp_path / "a.new").write_text("a 22\n")
    (tmp_path / "a.new").rename(tmp_path / "a.prom")
    assert values(collector) == {"a": 22}
    (tmp_path / "a.prom").unlink()
    assert (values(collector), collector.refused) == ({}, {})


def test_files_and_values_are_bounded(tmp_path: Path) -> None:
    for number in range(MAX_FILES + 1):
        (tmp_path / f"{number:03}.prom").write_text(f"v{number} 1\n")
    lines = "".join(f"w{number} 1\n" for number in range(MAX_VALUES))
    (tmp_path / "000.prom").write_text(lines)
    collector = TextfileCollector(tmp_path, DAY)
    assert len(collector()) == MAX_VALUES
    assert collector.refused["001.prom"] == f"there are more than {MAX_VALUES} values"
    assert collector.refused["100.prom"] == "only the first 100 files are read"


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        TextfileCollector(tmp_path / "nowhere", DAY)()
