"""What of runs was not over when the hub stopped, for RunDriver to take up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import NotPermitted
from chatops.server.crud import api_tokens as tokens_crud
from chatops.server.crud import commands as commands_crud
from chatops.server.crud import runs as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.crud import users as users_crud
from chatops.server.db.models import Command, Run
from chatops.server.services.access import Access, Holder, Principal
from chatops.server.services.api_tokens import by_token, is_good
from chatops.server.services.box import Box
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.servers import ServerService


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that was under way when the hub stopped. ``complete``: what waits can be sent;
    ``begun``: some of it was; ``withdrawn``: waits, and may not be done any more by the
    rights of ``holder``."""

    id: str
    spec: RunSpec
    complete: bool
    begun: bool
    count: int
    failures: int
    holder: Holder
    withdrawn: list[str]
    commands: list[tuple[Command, str]]


async def open_runs(
    session: AsyncSession, servers: ServerService, box: Box, now: float
) -> list[OpenRun]:
    """Those with commands that are not over, oldest first."""
    rows = await commands_crud.open_all(session)
    names = await servers_crud.names(session, ids={row.server_id for row in rows})
    runs = {run.id: run for run in await crud.get_all(session, {row.run_id for row in rows})}
    by_run: dict[str, list[tuple[Command, str]]] = {}
    for row in rows:
        by_run.setdefault(row.run_id, []).append((row, names[row.server_id]))
    return [
        await _open_run(session, servers, box, run_id, runs.get(run_id), commands, now)
        for run_id, commands in by_run.items()
    ]


async def _open_run(
    session: AsyncSession,
    servers: ServerService,
    box: Box,
    run_id: str,
    run: Run | None,
    commands: list[tuple[Command, str]],
    now: float,
) -> OpenRun:
    whole = await commands_crud.in_run(session, run_id)
    user_id = commands[0][0].user_id
    asker = await _asker(session, user_id, run.token_id if run else None, now)
    spec, complete = RunSpec.load(run, box) if run is not None else (RunSpec(""), False)
    return OpenRun(
        id=run_id,
        spec=spec,
        complete=complete,
        begun=any(row.sent_at is not None for row in whole),
        count=len(whole),
        failures=await commands_crud.failures(session, run_id),
        holder=asker.holder if asker else Holder(user_id),
        withdrawn=await _withdrawn(session, servers, asker, whole),
        commands=commands,
    )


async def _asker(
    session: AsyncSession, user_id: str | None, token_id: str | None, now: float
) -> Principal | None:
    """Whoever asked for a run, with the rights that there are now; None when there are none."""
    account = await users_crud.get(session, user_id) if user_id else None
    if account is None or account.disabled:
        return None
    if token_id is None:
        return Principal(account.id, account.name, account.role)
    token = await tokens_crud.get(session, token_id)
    return by_token(account, token) if token is not None and is_good(token, now) else None


async def _withdrawn(
    session: AsyncSession, servers: ServerService, asker: Principal | None, rows: Sequence[Command]
) -> list[str]:
    """Rights may have ended at the very end of the hub, when nobody could act on it."""
    waiting = [row for row in rows if row.status == "queued"]
    allowed: Mapping[str, str] = {}
    if waiting and asker is not None:
        with contextlib.suppress(NotPermitted):
            allowed = await servers.allowed(
                session, asker, {row.server_id for row in waiting}, Access.OPERATOR
            )
    return [row.id for row in waiting if row.server_id not in allowed]
