"""Migrated databases in a folder, made once and copied: a test that needs them starts fast."""

from __future__ import annotations

import asyncio
import functools
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from chatops.paths import write_private
from chatops.server.db.engine import Database
from chatops.server.db.files import FILES, Databases
from chatops.server.db.migrate import migrate


@functools.cache
def _template() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        migrate(Path(folder))
        return {name: (Path(folder) / name).read_bytes() for name in FILES}


def lay_out(data_dir: Path) -> None:
    """Put the three files, migrated and empty, into ``data_dir``."""
    for name, content in _template().items():
        (data_dir / name).write_bytes(content)


def lay_out_new(data_dir: Path) -> None:
    """The same where no hub has been yet; private, as hubs want it."""
    if (data_dir / FILES[0]).exists():
        return
    data_dir.mkdir(mode=0o700, exist_ok=True)
    for name, content in _template().items():
        write_private(data_dir / name, content, durable=False)


@asynccontextmanager
async def open_databases(data_dir: Path | None = None) -> AsyncIterator[Databases]:
    """The three databases, open; in a folder of their own if none is given."""
    folder = data_dir or Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="chatops-db-"))
    lay_out(folder)
    databases = await Databases.open(folder)
    try:
        yield databases
    finally:
        await databases.close()
        if data_dir is None:
            shutil.rmtree(folder)


@asynccontextmanager
async def failing(database: Database) -> AsyncIterator[None]:
    """Inside the block SQLite refuses to write to this file, as on a disk that failed."""
    await _forbid_writes(database, "ON")
    try:
        yield
    finally:
        await _forbid_writes(database, "OFF")


async def _forbid_writes(database: Database, switch: str) -> None:
    raw = await database._writer.raw_connection()  # no transaction could begin to undo it
    assert raw.driver_connection is not None
    await raw.driver_connection.execute(f"PRAGMA query_only = {switch}")
    raw.close()
