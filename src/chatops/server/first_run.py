"""The first administrator, made when a data folder has no account yet."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from chatops.errors import InvalidInput, SetupError
from chatops.paths import write_private
from chatops.protocol.limits import MAX_PASSWORD, MIN_PASSWORD
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

    Raises:
        InvalidInput: the setting's password cannot be one.
        SetupError: the file cannot be written.
    """
    async with database.read() as session:
        if await users.count(session):
            return
    password, shown = settings.admin_password, None
    if password is None:
        password = secrets.token_urlsafe(15)
        shown = _keep(password, settings.folder)
    elif not MIN_PASSWORD <= len(password) <= MAX_PASSWORD or password == ADMIN:
        raise InvalidInput(
            f"the password of the first {ADMIN} must have {MIN_PASSWORD} to {MAX_PASSWORD} "
            "characters",
            hint="set another CHATOPS_ADMIN_PASSWORD, or none for a random one",
        )
    hashed = await auth.hash_new(ADMIN, password)
    async with database.write() as session:
        row = await auth.create_user(session, ADMIN, hashed, "admin")
        await audit.record(session, Origin(None), "users.create", row.name, detail={"first": True})
    if shown is not None:
        say(f"made the user {ADMIN}{shown}")


def _keep(password: str, folder: Path) -> str:
    """How the password reaches its owner. The file is there before the user is: a hub that dies
    in between leaves nobody whose password no one knows."""
    if sys.stderr.isatty():
        return f" with the password {password} (it is not shown again)"
    path = folder / PASSWORD_FILE
    try:
        write_private(path, f"{password}\n".encode())
    except OSError as error:
        raise SetupError(
            f"cannot write {path}: {error.strerror}", hint="see that the disk has room"
        ) from error
    return f"; its password is in {path} (remove the file when you have it)"
