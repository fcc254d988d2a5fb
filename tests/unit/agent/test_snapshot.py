"""Snapshots: what fills a folder, within bounds; and the journal's last lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from chatops.agent import snapshot
from chatops.agent.collectors.disks import DisksCollector


def fill(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(os.urandom(size))


def test_the_largest_folders_come_first_with_all_that_is_below_them(tmp_path: Path) -> None:
    fill(tmp_path / "var" / "log" / "deep" / "down" / "a", 400_000)
    fill(tmp_path / "var" / "lib" / "b", 100_000)
    (tmp_path / "var" / "link").symlink_to("/usr")
    found = snapshot.largest(str(tmp_path))
    assert found.complete
    paths = [one.path for one in found.largest]
    assert paths[:2] == [str(tmp_path / "var/log"), str(tmp_path / "var/lib")]
    assert 400_000 <= found.largest[0].bytes < 500_000


def test_a_walk_is_bounded_and_says_so(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / f"f{number}").touch()
    assert not snapshot.largest(str(tmp_path), entries=500).complete
    assert not snapshot.largest(str(tmp_path), seconds=0.0).complete
    assert snapshot.largest(str(tmp_path / "nowhere")).largest == []


def test_only_mounts_that_samples_list_are_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(snapshot, "largest", asked.append)
    assert snapshot.mount_use(str(tmp_path)) is None
    assert snapshot.mount_use("/etc") is None
    snapshot.mount_use("/")
    snapshot.mount_use("")
    assert asked[0] == "/"
    assert asked[1] in DisksCollector()()


def test_the_journal_is_cut_and_struck_out(tmp_path: Path) -> None:
    program = tmp_path / "journal.py"
    program.write_text("for n in range(40): print(f'line {n} password=hunter2 ' + 'x' * 1000)")
    lines = snapshot.journal((sys.executable, str(program)))
    assert lines is not None
    assert len(lines) == snapshot.LINES
    assert lines[-1].startswith("line 39 password=***")
    assert max(map(len, lines)) <= snapshot.LINE


def test_without_a_journal_there_is_none(tmp_path: Path) -> None:
    assert snapshot.journal((str(tmp_path / "journalctl"),)) is None
    assert snapshot.journal((sys.executable, "-c", "raise SystemExit(1)")) is None
