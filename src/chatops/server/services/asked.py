"""What a refused request was about, in the words that the audit has for what is granted: names
in the place of ids, and of what hangs on a server that server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.server.crud import api_keys, api_tokens, commands, runs, servers, users


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asked for. ``target`` is a name, an id or a path as the request had it;
    ``kind`` (of LOOKUPS) says what it may be the id of."""

    target: str
    kind: str | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)


Lookup = Callable[[AsyncSession, str], Awaitable[Asked | None]]


async def in_names(session: AsyncSession, asked: Asked) -> Asked:
    """The same with names, as far as there is something of that id."""
    look_up = LOOKUPS.get(asked.kind or "")
    found = await look_up(session, asked.target) if look_up is not None else None
    if found is None:
        return asked
    return Asked(found.target, detail={**found.detail, **asked.detail})


async def _server(session: AsyncSession, text: str) -> Asked | None:
    row = await servers.get_by_name_or_id(session, text)
    return Asked(row.name) if row is not None else None


async def _user(session: AsyncSession, text: str) -> Asked | None:
    row = await users.get_by_name_or_id(session, text)
    return Asked(row.name) if row is not None else None


async def _key(session: AsyncSession, text: str) -> Asked | None:
    row = await api_keys.get(session, text)
    if row is None:
        return None
    named = await servers.names(session, ids=[row.server_id])
    return Asked(named[row.server_id], detail={"key": row.name, "prefix": row.prefix})


async def _token(session: AsyncSession, text: str) -> Asked | None:
    row = await api_tokens.get(session, text)
    if row is None:
        return None
    named = await users.names(session, [row.user_id])
    return Asked(row.name, detail={"user": named.get(row.user_id), "token_id": row.id})


async def _command(session: AsyncSession, text: str) -> Asked | None:
    """A command, or a run: their ids stand in the same places."""
    row = await commands.get(session, text)
    if row is None:
        return await _run(session, text)
    named = await servers.names(session, ids=[row.server_id])
    return Asked(named[row.server_id], detail={"command_id": row.id})


async def _run(session: AsyncSession, text: str) -> Asked | None:
    row = await runs.get(session, text)
    return Asked(row.target, detail={"run_id": row.id}) if row is not None else None


LOOKUPS: Final[Mapping[str, Lookup]] = {
    "server": _server,
    "user": _user,
    "key": _key,
    "token": _token,
    "command": _command,
    "run": _run,
}
