"""Bring the files in a data folder to the tables of this version.

The only module that imports Alembic. It is synchronous: the hub runs it in a thread
before it opens the files.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, MetaData, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from chatops.errors import SetupError
from chatops.server.db.engine import BUSY_TIMEOUT
from chatops.server.db.faults import make_private
from chatops.server.db.models import ChatOpsModel, LogsModel, MetricsModel
from chatops.server.db.views import make_views

METADATA: Final[Mapping[str, MetaData]] = {
    "chatops": ChatOpsModel.metadata,
    "metrics": MetricsModel.metadata,
    "logs": LogsModel.metadata,
}
"""The tables of each file, by its name without ``.db``."""
_FOLDER: Final = Path(__file__).parent / "migrations"
_log = logging.getLogger(__name__)


def migrate(data_dir: Path) -> None:
    """Make or upgrade the three files in ``data_dir``; each changes whole or not at all.

    Raises:
        SetupError: a file was written by a newer version, is in use by another process, is
            no database, or cannot be written.
    """
    for part in METADATA:
        upgrade(data_dir / f"{part}.db", part)


def upgrade(path: Path, part: str, revision: str = "head") -> None:
    """Bring one file to ``revision``; ``part`` names whose tables it holds.

    Raises:
        SetupError: as for ``migrate``.
    """
    make_private(path)
    engine = _engine(path)
    try:
        with engine.begin() as connection:
            _run(connection, path, part, revision)
    except DBAPIError as error:
        raise SetupError(
            f"the tables of {path} cannot be brought up to date: {error.orig}",
            hint="the file is as it was; see that no other program has it open, that it is a "
            "database of ChatOps, and that the disk has room",
        ) from error
    finally:
        engine.dispose()


def scripts(part: str) -> ScriptDirectory:
    """The migrations of a file."""
    return ScriptDirectory.from_config(_config(part))


def _run(connection: Connection, path: Path, part: str, revision: str) -> None:
    known = {script.revision for script in scripts(part).walk_revisions()}
    before = MigrationContext.configure(connection).get_current_revision()
    if before is not None and before not in known:
        raise SetupError(
            f"{path} was written by a newer version of ChatOps (its tables are at {before})",
            hint="install that version again, or restore a backup made with this one",
        )
    config = _config(part)
    config.attributes.update(connection=connection, metadata=METADATA[part])
    command.upgrade(config, revision)
    if part == "metrics" and revision == "head":
        make_views(connection)
    after = MigrationContext.configure(connection).get_current_revision()
    if after != before:
        _log.info("brought %s from %s to %s", path.name, before or "empty", after)


def _config(part: str) -> Config:
    config = Config()
    for key, value in (
        ("script_location", _FOLDER),
        ("version_locations", _FOLDER / part),
        ("path_separator", "newline"),  # so that a path may hold blanks and colons
    ):
        config.set_main_option(key, str(value).replace("%", "%%"))
    return config


def _engine(path: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT},
        poolclass=NullPool,
    )

    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    event.listen(engine, "begin", _begin)
    return engine
