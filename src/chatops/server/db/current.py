"""Whether the files in a data folder have the tables of this version already, as at nearly every
start: known without Alembic, which takes a quarter of a second to load."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from chatops.server.db.views import views

_FOLDER: Final = Path(__file__).parent / "migrations"
_PATIENCE: Final = 0.1


def is_current(data_dir: Path) -> bool:
    """Whether all of them are. False as well where that cannot be told: then the migrations are
    run, and say why."""
    try:
        return all(_has(data_dir / f"{part}.db", part) for part in ("chatops", "metrics", "logs"))
    except (sqlite3.Error, OSError):
        return False


def newest(part: str) -> str:
    """The newest revision of a file's tables: the name of its migration up to the number."""
    last = max(path.stem for path in (_FOLDER / part).glob(f"{part}_[0-9]*.py"))
    return "_".join(last.split("_")[:2])


def _has(path: Path, part: str) -> bool:
    with closing(
        sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=_PATIENCE)
    ) as file:
        found = file.execute("SELECT version_num FROM alembic_version").fetchall()
        if part == "metrics":
            there = dict(file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'view'"))
            if any(there.get(name) != text for name, text in views().items()):
                return False
        return found == [(newest(part),)]
