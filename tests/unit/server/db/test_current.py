"""Whether there is anything to migrate is known without Alembic, and never wrongly denied."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatops.server.db.current import is_current, newest
from chatops.server.db.migrate import METADATA, migrate, scripts, upgrade


@pytest.mark.parametrize("part", sorted(METADATA))
def test_the_newest_revision_is_the_head(part: str) -> None:
    assert newest(part) == scripts(part).get_current_head()


def test_files_of_this_version_are_current_and_nothing_else_is(tmp_path: Path) -> None:
    assert not is_current(tmp_path)
    migrate(tmp_path)
    assert is_current(tmp_path)
    (tmp_path / "logs.db").unlink()
    assert not is_current(tmp_path)
    assert not (tmp_path / "logs.db").exists(), "a look makes no file"


def test_an_older_file_is_not(tmp_path: Path) -> None:
    upgrade(tmp_path / "metrics.db", "metrics", "metrics_0001")
    migrate_others(tmp_path)
    assert not is_current(tmp_path)
    migrate(tmp_path)
    assert is_current(tmp_path)


@pytest.mark.parametrize(
    "change",
    ["UPDATE alembic_version SET version_num = 'metrics_9999'", "DROP VIEW minutes"],
)
def test_nor_is_one_of_a_newer_version_or_without_its_views(tmp_path: Path, change: str) -> None:
    migrate(tmp_path)
    with closing(sqlite3.connect(tmp_path / "metrics.db")) as file, file:
        file.execute(change)
    assert not is_current(tmp_path)


def test_nor_is_what_cannot_be_read(tmp_path: Path) -> None:
    migrate(tmp_path)
    (tmp_path / "chatops.db").write_bytes(b"no database" * 100)
    assert not is_current(tmp_path)


def migrate_others(folder: Path) -> None:
    """The files beside ``metrics.db``."""
    for part in ("chatops", "logs"):
        upgrade(folder / f"{part}.db", part)
