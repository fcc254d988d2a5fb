"""What of runs was not over when the hub stopped, for RunDriver to take up."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import NotPermitted
from chatops.server.crud import commands as commands_crud
from chatops.server.crud import runs as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.crud import users as users_crud
from chatops.server.db.models import Command, Run
from chatops.server.services.access import Access, Principal
from chatops.server.services.box import Box
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.servers import ServerService


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that was under way when the hub stopped. ``complete``: what waits can be sent;
    ``begun``: some of it was; ``withdrawn``: waits, and its account may not do it any more."""

    id: str
    spec: RunSpec
    complete: bool
    begun: bool
    count: int
    failures: int
    withdrawn: list[str]
    commands: list[tuple[Command, str]]


async def open_runs(session: AsyncSession, servers: ServerService, box: Box) -> list[OpenRun]:
    """Those with commands that are not over, oldest first."""
    rows = await commands_crud.open_all(session)
    names = await servers_crud.names(session, ids={row.server_id for row in rows})
    runs = {run.id: run for run in await crud.get_all(session, {row.run_id for row in rows})}
    by_run: dict[str, list[tuple[Command, str]]] = {}
    for row in rows:
        by_run.setdefault(row.run_id, []).append((row, names[row.server_id]))
    return [
        await _open_run(session, servers, box, run_id, runs.get(run_id), commands)
        for run_id, commands in by_run.items()
    ]


async def _open_run(
    session: AsyncSession,
    servers: ServerService,
    box: Box,
    run_id: str,
    run: Run | None,
    commands: list[tuple[Command, str]],
) -> OpenRun:
    whole = await commands_crud.in_run(session, run_id)
    spec, complete = RunSpec.load(run, box) if run is not None else (RunSpec(""), False)
    return OpenRun(
        id=run_id,
        spec=spec,
        complete=complete,
        begun=any(row.sent_at is not None for row in whole),
        count=len(whole),
        failures=await commands_crud.failures(session, run_id),
        withdrawn=await _withdrawn(session, servers, whole),
        commands=commands,
    )


async def _withdrawn(
    session: AsyncSession, servers: ServerService, rows: Sequence[Command]
) -> list[str]:
    """Rights may have ended at the very end of the hub, when nobody could act on it."""
    waiting = [row for row in rows if row.status == "queued"]
    user_id = waiting[0].user_id if waiting else None
    account = await users_crud.get(session, user_id) if user_id else None
    allowed: Mapping[str, str] = {}
    if account is not None and not account.disabled:
        asker = Principal(account.id, account.name, account.role)
        with contextlib.suppress(NotPermitted):
            allowed = await servers.allowed(
                session, asker, {row.server_id for row in waiting}, Access.OPERATOR
            )
    return [row.id for row in waiting if row.server_id not in allowed]
