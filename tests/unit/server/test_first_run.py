"""The first administrator."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatops.clock import SystemClock
from chatops.errors import Busy, InvalidInput, SetupError
from chatops.server.crud import users
from chatops.server.db.files import Databases
from chatops.server.first_run import PASSWORD_FILE, ensure_admin
from chatops.server.secrets import HubSecrets
from chatops.server.services.audit import AuditService
from chatops.server.services.auth import AuthService
from chatops.server.services.live_settings import LiveSettings
from chatops.server.settings import HubSettings
from tests.support.databases import failing, open_databases


async def first_run(databases: Databases, folder: Path, password: str | None) -> list[str]:
    """What is said."""
    database, clock, secrets = databases.chatops, SystemClock(), HubSecrets()
    settings = HubSettings(data_dir=folder, admin_password=password)
    audit = AuditService(database, secrets.audit, clock)
    auth = AuthService(database, audit, LiveSettings(settings), secrets, clock)
    said: list[str] = []
    await ensure_admin(database, auth, audit, settings, said.append)
    return said


async def test_a_random_password_goes_into_a_file_once(tmp_path: Path) -> None:
    async with open_databases() as databases:
        (line,) = await first_run(databases, tmp_path, None)
        path = tmp_path / PASSWORD_FILE
        assert str(path) in line
        assert path.read_text().strip() not in line
        assert await first_run(databases, tmp_path, None) == []


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
async def test_a_given_password_keeps_the_rules(tmp_path: Path, password: str) -> None:
    async with open_databases() as databases:
        with pytest.raises(InvalidInput, match="password") as caught:
            await first_run(databases, tmp_path, password)
        assert caught.value.hint
        async with databases.chatops.read() as session:
            assert await users.count(session) == 0


async def test_no_user_is_made_whose_password_nobody_knows(tmp_path: Path) -> None:
    async with open_databases() as databases:
        with pytest.raises(SetupError, match=PASSWORD_FILE):
            await first_run(databases, tmp_path / "missing", None)
        async with databases.chatops.read() as session:
            assert await users.count(session) == 0
        async with failing(databases.chatops):
            with pytest.raises(Busy):
                await first_run(databases, tmp_path, None)
        assert len(await first_run(databases, tmp_path, None)) == 1
