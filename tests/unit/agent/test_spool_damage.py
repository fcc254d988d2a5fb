"""A spool's folder after whatever has happened to it: never a crash, and what is lost is told."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.segment import OnDisk
from chatops.clock import FakeClock
from chatops.protocol.messages import Metrics, MetricsGap
from tests.support.spools import Number, drain, numbers, open_spool, read, segments, take

SMALL = 32_000
"""A segment has 4,000 bytes: some ten samples."""
COUNT = 40


def filled(folder: Path, count: int = COUNT) -> list[Number]:
    return take(open_spool(folder, SMALL), count)


def covered(messages: list[Metrics | MetricsGap]) -> list[int]:
    """The numbers that are told, as samples or as lost."""
    return sorted(
        number
        for one in messages
        for number in (
            range(one.first, one.last + 1) if isinstance(one, MetricsGap) else (one.seq,)
        )
    )


def test_a_line_in_the_middle_that_cannot_be_read_is_a_gap(tmp_path: Path) -> None:
    filled(tmp_path)
    first = segments(tmp_path)[0]
    lines = first.read_bytes().split(b"\n")
    lines[3] = b"x" * len(lines[3])
    lines[4] = b""
    first.write_bytes(b"\n".join(lines))
    again = open_spool(tmp_path, SMALL)
    again.restart()
    messages = drain(again)
    assert numbers(messages) == [COUNT, 1, 2, (3, 4), *range(5, COUNT)]
    gap = messages[3]
    assert isinstance(gap, MetricsGap)
    two, five = messages[2], messages[4]
    assert isinstance(two, Metrics)
    assert isinstance(five, Metrics)
    assert (gap.since, gap.until, gap.reason) == (two.ts, five.ts, "damaged")


def test_a_gap_of_damage_is_told_once(tmp_path: Path) -> None:
    filled(tmp_path)
    first = segments(tmp_path)[0]
    lines = first.read_bytes().split(b"\n")
    lines[3] = b"x" * len(lines[3])
    first.write_bytes(b"\n".join(lines))
    again = open_spool(tmp_path, SMALL)
    again.restart()
    assert again.next_live()
    told = [read(again.next_old()) for _ in range(30)]
    gaps = [one for one in told if isinstance(one, MetricsGap)]
    assert len(gaps) == 1
    again.ack(gaps[0].epoch, gaps[0].last)
    third = open_spool(tmp_path, SMALL)
    third.restart()
    assert all(isinstance(one, Metrics) for one in drain(third))


def test_a_segment_that_is_only_garbage_is_a_gap_to_where_the_next_begins(tmp_path: Path) -> None:
    filled(tmp_path)
    second, third = segments(tmp_path)[1:3]
    first = int(second.name.partition("-")[0])
    last = int(third.name.partition("-")[0]) - 1
    second.write_bytes(os.urandom(500))
    again = open_spool(tmp_path, SMALL)
    again.restart()
    messages = drain(again)
    assert (first, last) in numbers(messages)
    assert covered(messages) == list(range(1, COUNT + 1))


@pytest.mark.parametrize("left", [b"", b"\0" * 300, b"no line"])
def test_when_the_last_segment_is_lost_an_epoch_begins(tmp_path: Path, left: bytes) -> None:
    taken = filled(tmp_path)
    segments(tmp_path)[-1].write_bytes(left)
    again = open_spool(tmp_path, SMALL)
    assert again.epoch != taken[0][0]


def test_what_is_damaged_under_a_running_agent_is_a_gap_too(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    spool = open_spool(tmp_path, SMALL)
    take(spool, COUNT)
    segments(tmp_path)[0].unlink()
    spool.restart()
    messages = drain(spool)
    assert isinstance(messages[1], MetricsGap)
    assert covered(messages) == list(range(1, COUNT + 1))
    assert "damaged" in caplog.text


def test_a_file_that_cannot_be_read_just_now_is_not_lost(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SMALL)
    take(spool, COUNT)
    spool.restart()
    assert spool.next_live()
    with patch.object(OnDisk, "read", side_effect=OSError(errno.EMFILE, "too many open files")):
        assert spool.next_old() is None
    assert numbers(drain(spool)) == list(range(1, COUNT))


def test_the_folder_goes_while_the_agent_runs(tmp_path: Path) -> None:
    clock = FakeClock()
    folder = tmp_path / "spool"
    spool = open_spool(folder, SMALL, clock)
    take(spool, COUNT, clock)
    shutil.rmtree(folder)
    take(spool, 3, clock, every=30.0)
    assert segments(folder)
    spool.restart()
    messages = drain(spool)
    assert covered(messages) == list(range(1, COUNT + 4))


def test_what_does_not_belong_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "0000000000000001-0123456789abcdef.jsonl").mkdir()
    (tmp_path / "0000000000000002-0123456789abcdef.jsonl").symlink_to("/etc/passwd")
    (tmp_path / ".gaps.left").write_text("[")
    spool = open_spool(tmp_path)
    take(spool, 2)
    spool.restart()
    assert numbers(drain(spool)) == [2, 1]
    assert (tmp_path / "notes.txt").read_text() == "hello"
    assert not (tmp_path / ".gaps.left").exists()


def test_a_place_that_is_no_folder_leaves_the_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "spool").write_text("")
    spool = open_spool(tmp_path / "spool")
    take(spool, 3)
    spool.restart()
    assert numbers(drain(spool)) == [3, 1, 2]
    spool.close()
    assert caplog.text.count("cannot be written") == 1


def test_gaps_that_cannot_be_read_are_no_gaps(tmp_path: Path) -> None:
    filled(tmp_path, 3)
    (tmp_path / "gaps").write_text("[")
    again = open_spool(tmp_path)
    again.restart()
    assert numbers(drain(again)) == [3, 1, 2]


def test_an_agent_that_died_between_a_gap_and_its_segments_end_tells_the_gap(
    tmp_path: Path,
) -> None:
    spool = open_spool(tmp_path, SMALL)
    with patch.object(OnDisk, "remove", lambda _self: None):
        take(spool, 200)
    held = len(spool)
    again = open_spool(tmp_path, SMALL)
    assert len(again) == held
    assert len(segments(tmp_path)) < 12


@given(st.data())
def test_whatever_happens_to_the_files_nothing_vanishes_without_a_word(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        taken = filled(folder)
        files = segments(folder)
        for _ in range(data.draw(st.integers(1, 4))):
            spoil(data, data.draw(st.sampled_from(files[:-1])))
        again = open_spool(folder, SMALL)
        (new,) = take(again)
        assert new not in taken
        again.restart()
        assert set(covered(drain(again))) >= {number for _, number in taken}


def spoil(data: st.DataObject, path: Path) -> None:
    content = bytearray(path.read_bytes())
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, len(content)))
    content[start:end] = data.draw(st.binary(max_size=80))
    path.write_bytes(content)
