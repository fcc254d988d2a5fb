"""``chatops users reset-password --data-dir``: the way back in, on the control host, without a hub.

Who may write the data folder is the hub's master anyway; this keeps the audit and the file
modes right. It takes the hub's place: while a hub runs on the folder, that one is to be asked.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from chatops.clock import SystemClock
from chatops.errors import Conflict, InvalidInput, NotFound
from chatops.locks import FolderLock
from chatops.paths import private_dir
from chatops.protocol import rest
from chatops.protocol.limits import MAX_PASSWORD, MIN_PASSWORD
from chatops.server.crud import api_tokens, users
from chatops.server.db.engine import Database
from chatops.server.db.files import FILES
from chatops.server.db.migrate import migrate
from chatops.server.db.models import User
from chatops.server.secrets import HubSecrets, load_secrets
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.audit_feed import AuditTail
from chatops.server.services.audit_head import HeadFile
from chatops.server.services.auth import AuthService
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.users import to_user
from chatops.server.settings import HubSettings

LOCAL = "local"
"""Stands in the audit where else the address is."""


class Done(NamedTuple):
    """The account whose password was reset, and how many good API tokens it keeps."""

    user: rest.User
    tokens: int


def reset_password(folder: Path, name: str, ask: Callable[[str], str]) -> Done:
    """Give an account the password that ``ask`` (called with the account's name) gives, and end
    its sessions.

    Raises:
        SetupError: the folder is not this user's.
        Conflict: a hub runs on it.
        NotFound: it is not a hub's, or there is no such account.
        InvalidInput: the password cannot be one.
    """
    if not (folder / FILES[0]).exists():
        raise NotFound(
            f"there are no data of a hub in {folder}", hint="name its folder with --data-dir"
        )
    with _in_place_of_a_hub(private_dir(folder)):
        secrets = load_secrets(folder)
        migrate(folder)
        return asyncio.run(_reset(folder, secrets, name, ask))


@contextmanager
def _in_place_of_a_hub(folder: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(FolderLock(folder, "hub"))
        except Conflict as error:
            raise Conflict(
                error.message.replace("another", "a", 1),  # this is none
                hint="stop it first; or leave out --data-dir, as an administrator of that hub",
            ) from None
        yield


async def _reset(folder: Path, secrets: HubSecrets, name: str, ask: Callable[[str], str]) -> Done:
    database, clock = await Database.open(folder / FILES[0]), SystemClock()
    try:
        audit = AuditService(database, secrets.audit, clock)
        tail = AuditTail(audit, HeadFile(folder, audit.key), None)
        await tail.start()
        auth = AuthService(
            database, audit, LiveSettings(HubSettings(data_dir=folder)), secrets, clock
        )
        async with database.read() as session:
            user = await users.get_by_name_or_id(session, name)
        if user is None:
            raise NotFound(f"there is no user {name[:80]!r} in {folder}")
        hashed = await auth.hash_new(user.name, _checked(ask(user.name)))
        await _store(database, auth, audit, user, hashed)
        await tail.close()
        async with database.read() as session:
            tokens = await api_tokens.count(session, user_id=user.id, now=clock.now())
        return Done(to_user(user), tokens)
    finally:
        await database.close()


async def _store(
    database: Database, auth: AuthService, audit: AuditService, user: User, hashed: str
) -> None:
    detail = {"password": "changed", "uid": os.getuid()}
    async with database.write() as session:
        await users.update(session, user.id, password_hash=hashed)
        await auth.end_sessions(session, user.id)
        await audit.record(session, Origin(LOCAL), "users.update", user.name, detail=detail)


def _checked(password: str) -> str:
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise InvalidInput(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    return password
