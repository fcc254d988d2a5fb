"""An open chatops.db for the tests of the engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatops.server.db.engine import Database
from tests.support.databases import lay_out


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    lay_out(tmp_path)
    database = await Database.open(tmp_path / "chatops.db")
    yield database
    await database.close()
