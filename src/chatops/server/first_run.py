"""The first administrator, made when a data folder has no account yet."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chatops.paths import write_private
from chatops.server.crud import users
from chatops.server.db.engine import Database
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.auth import AuthService
from chatops.server.settings import HubSettings

ADMIN: Final = "admin"
PASSWORD_FILE: Final = "admin-password"


async def ensure_admin(
    database: Database,
    auth: AuthService,
    audit: AuditService,
    settings: HubSettings,
    say: Callable[[str], None],
) -> None:
    """Make the user ``admin`` on an empty database, and show its password once.

    The password is the setting's, else random: shown on a terminal, or written to a private
    file in the data folder whose path is said.
    """
    async with database.read() as session:
        if await users.count(session):
            return
    given = settings.admin_password
    password = given or secrets.token_urlsafe(15)
    hashed = await auth.hash_new(ADMIN, password)
    async with database.write() as session:
        row = await auth.create_user(session, ADMIN, hashed, "admin")
        await audit.record(session, Origin(None), "users.create", row.name, detail={"first": True})
    if given is None:
        _show(password, settings.folder, say)


def _show(password: str, folder: Path, say: Callable[[str], None]) -> None:
    if sys.stderr.isatty():
        say(f"made the user {ADMIN} with the password {password} (it is not shown again)")
        return
    path = folder / PASSWORD_FILE
    write_private(path, f"{password}\n".encode())
    say(f"made the user {ADMIN}; its password is in {path} (remove the file when you have it)")
