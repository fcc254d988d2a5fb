"""Migrations: they make what the models say, lose nothing, and refuse what they cannot do."""

from __future__ import annotations

import logging
import math
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, create_engine

from chatops.errors import SetupError
from chatops.server.crud import log_entries, log_search
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db import migrate as module
from chatops.server.db.migrate import METADATA, migrate, scripts, upgrade
from chatops.server.db.transactions import Transaction

FIRST = {"chatops": "chatops_0001", "metrics": "metrics_0001", "logs": "logs_0001"}
PARTS = sorted(METADATA)
FIRST_RULES = 6


def _open(path: Path) -> Connection:
    return create_engine(f"sqlite:///{path}").connect()


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()


@pytest.mark.parametrize("part", PARTS)
def test_a_file_has_one_head(part: str) -> None:
    assert len(scripts(part).get_heads()) == 1
    assert scripts(part).get_base() == FIRST[part]


def is_a_models(name: str | None, kind: str, _parents: object) -> bool:
    """Whether a table is one of the models': the index of words is SQLite's own affair."""
    return kind != "table" or not str(name).startswith("log_search")


@pytest.mark.parametrize("part", PARTS)
def test_autogenerate_finds_nothing_to_do(tmp_path: Path, part: str) -> None:
    migrate(tmp_path)
    connection = _open(tmp_path / f"{part}.db")
    options = {
        "compare_type": True, "compare_server_default": True, "include_name": is_a_models,
    }  # fmt: skip
    context = MigrationContext.configure(connection, opts=options)
    assert compare_metadata(context, METADATA[part]) == []
    _close(connection)


@pytest.mark.parametrize("part", PARTS)
def test_migrated_tables_are_those_of_the_models_to_the_last_detail(
    tmp_path: Path, part: str
) -> None:
    migrate(tmp_path)
    made = _open(tmp_path / "made.db")
    METADATA[part].create_all(made)
    made.commit()
    migrated = _open(tmp_path / f"{part}.db")
    assert _details(migrated, METADATA[part]) == _details(made, METADATA[part])
    _close(made)
    _close(migrated)


def _details(connection: Connection, metadata: MetaData) -> dict[str, Any]:
    """Columns, keys, foreign keys with their rules, indexes and counters, as SQLite sees them."""

    def rows(pragma: str, name: str) -> list[tuple[Any, ...]]:
        found = connection.exec_driver_sql(f'PRAGMA {pragma}("{name}")')
        return sorted((tuple(row) for row in found), key=repr)

    details: dict[str, Any] = {}
    for table in metadata.tables:
        indexes = {row[1]: row[2:] for row in rows("index_list", table)}
        details[table] = {
            "columns": rows("table_info", table),
            "references": sorted(row[2:] for row in rows("foreign_key_list", table)),
            "indexes": {name: (how, rows("index_info", name)) for name, how in indexes.items()},
        }
    counted = connection.exec_driver_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%'"
    )
    details["counted"] = sorted(row[0] for row in counted)
    return details


def _fill(path: Path) -> dict[str, int]:
    """A row in every table that is there, made from the columns' types; answers the counts."""
    connection = _open(path)
    connection.exec_driver_sql("PRAGMA foreign_keys = ON")
    found = MetaData()
    found.reflect(connection)
    samples: dict[type, Any] = {str: "x", int: 1, float: 1.5, bool: True, bytes: b"\x00\xff"}
    for table in found.sorted_tables:
        if table.name != "alembic_version":
            row = {
                column.name: samples.get(column.type.python_type, {"json": []})
                for column in table.columns
            }
            connection.execute(table.insert().values(row))
    connection.commit()
    counts = _counts(connection, found)
    _close(connection)
    return counts


def _counts(connection: Connection, metadata: MetaData) -> dict[str, int]:
    return {
        name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
        for name in metadata.tables
    }


@pytest.mark.parametrize("part", PARTS)
def test_an_upgrade_from_the_first_version_keeps_the_data(tmp_path: Path, part: str) -> None:
    path = tmp_path / f"{part}.db"
    upgrade(path, part, FIRST[part])
    counts = _fill(path)
    assert set(counts.values()) == {1}
    migrate(tmp_path)
    migrate(tmp_path)
    connection = _open(path)
    after = _counts(connection, METADATA[part])
    if part == "chatops":
        after["alert_thresholds"] -= FIRST_RULES
    assert {name: count for name, count in after.items() if name in counts} == {
        name: count for name, count in counts.items() if name in after
    }
    if part == "chatops":  # what was run before there were runs belongs to one each
        joined = "SELECT count(*) FROM runs JOIN command_history ON run_id = runs.id"
        assert connection.exec_driver_sql(joined).scalar_one() == 1
    assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
    assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"
    _close(connection)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, None),
        ("web-1", "id-1"),
        ("web-1, !db-1,web-*,tag:env=prod,all,id-2", "id-1,!id-2,web-*,tag:env=prod,all,id-2"),
        ("gone", "00000000-0000-0000-0000-000000000000"),
        ("all,!gone", "all,!gone"),
    ],
)
def test_tokens_hold_the_ids_of_the_servers_they_named(
    tmp_path: Path, before: str | None, after: str | None
) -> None:
    path = tmp_path / "chatops.db"
    upgrade(path, "chatops", "chatops_0007")
    connection = sqlite3.connect(path)
    connection.executemany(
        "INSERT INTO servers (id, name, tags, created_at, os) VALUES (?, ?, '{}', 0, '')",
        [("id-1", "web-1"), ("id-2", "db-1")],
    )
    connection.execute(
        "INSERT INTO api_tokens (id, user_id, name, prefix, hash, role, servers, created_at)"
        " VALUES ('t', 'u', 'ci', 'p', 'h', 'viewer', ?, 0)",
        (before,),
    )
    connection.commit()
    migrate(tmp_path)
    assert connection.execute("SELECT servers FROM api_tokens").fetchall() == [(after,)]
    connection.close()


OLD_LINES = [
    (3, None, 1.2345, 10.0, "info", "hub", "the hub itself"),
    (4, "a", -5.0, 11.0, "critical", "/var/log/app", "a needle \x00 in the hay"),
    (7, "b", 1e300, 12.0, "shout", "/var/log/app", "more hay"),
    (8, "a", 2.0, 9.0, "debug", "other.log", "10.0.0.5 is down"),
]


def test_stored_lines_keep_their_ids_names_and_words(tmp_path: Path) -> None:
    path = tmp_path / "logs.db"
    upgrade(path, "logs", "logs_0003")
    old = sqlite3.connect(path)
    columns = "id, server_id, ts, received_at, level, source, message"
    old.executemany(f"INSERT INTO log_entries ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?)", OLD_LINES)
    old.execute("UPDATE sqlite_sequence SET seq = 20")  # later ones are deleted already
    old.commit()
    old.close()
    migrate(tmp_path)
    new = sqlite3.connect(path)
    assert new.execute(f"SELECT {columns} FROM log_lines ORDER BY id").fetchall() == [
        (3, None, 1.235, 10.0, 1, "hub", "the hub itself"),
        (4, "a", 0.0, 11.0, 4, "/var/log/app", "a needle \x00 in the hay"),
        (7, "b", 253_402_300_799.999, 12.0, 1, "/var/log/app", "more hay"),
        (8, "a", 2.0, 9.0, 0, "other.log", "10.0.0.5 is down"),
    ]
    assert new.execute("SELECT first_id, began_at, state FROM log_parts").fetchall() == [
        (3, 10.0, "closed")
    ]
    tx = Transaction(new.cursor())
    wanted = log_search.Wanted('"hay"', 0, {"a", "b"}, -math.inf, math.inf)
    assert [one.id for one in log_search.search(tx, wanted, before=None, limit=9)] == [7, 4]
    row = NewLogEntry(server_id="a", ts=1.0, received_at=13.0, level="info", source="hub",
                      message="new hay")  # fmt: skip
    assert log_entries.insert_many(tx, [row]) == 21
    assert [one.id for one in log_search.search(tx, wanted, before=None, limit=9)] == [21, 7, 4]
    new.close()


def test_new_files_are_private(tmp_path: Path) -> None:
    migrate(tmp_path)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"chatops.db": 0o600, "metrics.db": 0o600, "logs.db": 0o600}


def test_a_folder_with_an_awkward_name_will_do(tmp_path: Path) -> None:
    folder = tmp_path / "100 % ours: new"
    folder.mkdir()
    migrate(folder)
    assert (folder / "logs.db").stat().st_size > 0


def test_scripts_are_found_wherever_the_package_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "a b:c, 50 %d"
    moved.symlink_to(module._FOLDER)
    monkeypatch.setattr(module, "_FOLDER", moved)
    migrate(tmp_path)
    assert (tmp_path / "chatops.db").stat().st_size > 0


# -- what is refused ------------------------------------------------------------------


def test_a_file_of_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    migrate(tmp_path)
    path = tmp_path / "metrics.db"
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'metrics_9999'")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SetupError, match=r"newer version.*metrics_9999") as caught:
        migrate(tmp_path)
    assert str(path) in caught.value.message
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "chatops.db"
    path.write_bytes(b"no database, but somebody's notes" * 40)
    with pytest.raises(SetupError, match="file is not a database"):
        migrate(tmp_path)
    assert path.read_bytes() == b"no database, but somebody's notes" * 40


def test_a_failing_step_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "chatops.db")
    connection.execute("CREATE TABLE audit_logs (mine TEXT)")  # the last table that is made
    connection.commit()
    with pytest.raises(SetupError, match="audit_logs already exists"):
        migrate(tmp_path)
    tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("audit_logs",)]
    connection.close()


def test_a_file_in_use_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT", 0.05)
    migrate(tmp_path)
    connection = sqlite3.connect(tmp_path / "chatops.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    with pytest.raises(SetupError, match="locked"):
        migrate(tmp_path)
    connection.close()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="No such file"):
        migrate(tmp_path / "missing")


def test_the_programs_logging_is_left_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("chatops").disabled)
    with caplog.at_level(logging.INFO, logger="chatops"):
        migrate(tmp_path)
        migrate(tmp_path)
    assert (root.level, list(root.handlers), logging.getLogger("chatops").disabled) == before
    assert [record.getMessage() for record in caplog.records] == [
        f"brought {part}.db from empty to {scripts(part).get_current_head()}" for part in METADATA
    ]
