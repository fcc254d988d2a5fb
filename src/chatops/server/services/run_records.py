"""RunRecords: runs and their commands as they are written down, each in one short transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, NotFound, NotPermitted
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.protocol.target import parse_target
from chatops.server.crud import commands as commands_crud
from chatops.server.crud import runs as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.crud.commands import NewCommand
from chatops.server.db.engine import Database
from chatops.server.db.models import Command, Run
from chatops.server.db.transactions import Transaction
from chatops.server.secrets import HubSecrets
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.box import Box
from chatops.server.services.command_refusals import refusal
from chatops.server.services.run_plan import RunPlan
from chatops.server.services.run_recovery import OpenRun, open_runs
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.servers import ServerService
from chatops.server.services.targets import Meant, check_count, resolve

IsOnline = Callable[[str], bool]
AgentOf = Callable[[str], AgentSession | None]
ROLE: Final = "role"
"""The reason of a command that was refused because of its maker's role on the server."""


@dataclass(frozen=True, slots=True)
class MadeRun:
    """A run that was written down: its commands in order of the servers' names, and which of
    them are recorded as sent, to be sent now."""

    id: str
    spec: RunSpec
    plan: RunPlan
    commands: list[tuple[NewCommand, str]]
    first: list[str]


class FoundRun(NamedTuple):
    """A run as one caller finds it. ``whole``: there is nothing of it on other servers."""

    run: Run
    commands: list[tuple[Command, str]]
    whole: bool


class RunRecords:
    """What is written down of runs, and read back for those who may."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        audit: AuditService,
        secrets: HubSecrets,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._audit = audit
        self._box = Box(secrets.box)
        self._key = secrets.box
        self._clock = clock

    # -- writing ------------------------------------------------------------------------

    async def create(
        self, principal: Principal, origin: Origin, body: rest.CommandCreate, is_online: IsOnline
    ) -> MadeRun | str:
        """A new run with its commands and its audit; or the id of the one that was made with
        the same idempotency key before.

        Raises:
            InvalidInput: the target is none.
            NotFound, NotPermitted: the servers, for this caller.
            Conflict: not as many servers as expected, or the key was used for something else.
        """
        spec = RunSpec.of(body)
        several: list[Meant] | None = None
        if (one := parse_target(body.target).one) is None:  # a long search needs no writer
            try:
                async with self._database.read() as session:
                    several = await self._resolve(session, principal, body)
            except (Conflict, NotFound):  # the fleet may have changed since the first time
                known = await self._database.transact(
                    lambda tx: self._known(tx, principal, body, spec)
                )
                if known is not None:
                    return known
                raise

        def write(tx: Transaction) -> MadeRun | str:
            if known := self._known(tx, principal, body, spec):
                return known
            meant = several or [self._identify(tx, principal, body, one or "")]
            made = self._make(principal, body, spec, meant, is_online)
            self._store(tx, principal, body, made)
            self._record(tx, origin, body, made)
            return made

        return await self._database.transact(write)

    async def set_sent(self, run_id: str, command_ids: Sequence[str], *, last: bool) -> None:
        """These of a run are about to be sent; after the ``last`` its variables are forgotten."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            commands_crud.update_all(
                tx, command_ids, expected=["queued"], status="sent", sent_at=now
            )
            if last:
                crud.forget_env(tx, run_id)

        await self._database.transact(write)

    async def abandon(
        self, run_id: str, command_ids: Sequence[str], error: str, *, last: bool
    ) -> None:
        """These of a run will not be started."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            commands_crud.update_all(
                tx, command_ids, expected=["queued"], status="cancelled", finished_at=now,
                reason="not_started", error=error,
            )  # fmt: skip
            if last:
                crud.forget_env(tx, run_id)

        await self._database.transact(write)

    async def forget_env(self, run_id: str) -> None:
        """Nothing of a run has to be sent any more: its variables are not needed."""
        await self._database.transact(lambda tx: crud.forget_env(tx, run_id))

    async def set_cancelled(self, command_ids: Sequence[str]) -> None:
        """Somebody wants these to end: their agents are to be told, whenever they are back."""
        now = self._clock.now()

        def write(tx: Transaction) -> None:
            commands_crud.update_all(tx, command_ids, expected=commands_crud.OPEN, cancelled_at=now)

        await self._database.transact(write)

    async def purge(self, before_time: float, limit: int) -> int:
        """Delete at most ``limit`` old runs whose commands are gone."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before_time, limit=limit)

    # -- reading ------------------------------------------------------------------------

    async def plan(
        self, principal: Principal, body: rest.CommandCreate, agent_of: AgentOf
    ) -> rest.RunPlan:
        """Where a run would go, and where it would not be run.

        Raises:
            as ``create``.
        """
        spec = RunSpec.of(body)
        async with self._database.read() as session:
            meant = await self._resolve(session, principal, body)
            unseen = await servers_crud.names(session, ids={one.id for one in meant}, seen=False)
        return rest.RunPlan(
            target=body.target,
            command=body.command,
            servers=[
                _planned(one, spec, agent_of(one.id), never=one.id in unseen) for one in meant
            ],
        )

    async def open_runs(self) -> list[OpenRun]:
        """Those with commands that were not over when the hub stopped."""
        await self._database.transact(crud.forget_needless_env)
        async with self._database.read() as session:
            return await open_runs(session, self._servers, self._box, self._clock.now())

    async def find(self, principal: Principal, run_id: str, access: Access) -> FoundRun:
        """A run and those of its commands on servers where the caller may do what ``access``
        says, in order of the servers' names; and those that were refused to the caller, who may
        still look at their servers: there is nothing of them but that.

        Raises:
            NotFound: there is none of which the caller may see anything.
            NotPermitted: the caller may see some of it, but do this nowhere.
        """
        async with self._database.read() as session:
            run = await crud.get(session, run_id)
            rows = await commands_crud.in_run(session, run_id) if run else []
            ids = {row.server_id for row in rows}
            mine = await self._servers.allowed(session, principal, ids, access)
            seen = mine
            if len(mine) < len(ids):
                seen = await self._servers.allowed(session, principal, ids, Access.VIEWER)
        if run is None or not seen:
            raise NotFound(f"there is no run {run_id[:80]!r}", hint="see `chatops commands list`")
        found = [
            (row, seen[row.server_id]) for row in rows
            if row.server_id in mine or (row.server_id in seen and _is_refused_to(row, principal))
        ]  # fmt: skip
        if not found:
            raise NotPermitted(f"this needs the role {access.value} on a server of the run")
        return FoundRun(run, sorted(found, key=lambda pair: pair[1]), whole=len(found) == len(rows))

    # -- inside -------------------------------------------------------------------------

    async def _resolve(
        self, session: AsyncSession, principal: Principal, body: rest.CommandCreate
    ) -> list[Meant]:
        meant = await resolve(session, self._servers, principal, body.target, Access.OPERATOR)
        check_count(body.target, body.expect_count, len(meant))
        return meant

    def _identify(
        self, tx: Transaction, principal: Principal, body: rest.CommandCreate, name: str
    ) -> Meant:
        found = self._servers.identify(tx, principal, name, Access.OPERATOR)
        check_count(body.target, body.expect_count, 1)
        return Meant(found.id, found.name)

    def _known(
        self,
        tx: Transaction,
        principal: Principal,
        body: rest.CommandCreate,
        spec: RunSpec,
    ) -> str | None:
        if body.idempotency_key is None:
            return None
        run = crud.by_key(tx, user_id=principal.user_id, key=body.idempotency_key)
        if run is None:
            return None
        if run.digest != spec.digest(body.target, self._key):
            raise Conflict(
                f"the idempotency key {body.idempotency_key[:80]!r} was used for another command "
                "or target; nothing was sent",
                hint=f"`chatops commands list --run {run.id}` shows what it ran",
            )
        return run.id

    def _make(
        self,
        principal: Principal,
        body: rest.CommandCreate,
        spec: RunSpec,
        meant: list[Meant],
        is_online: IsOnline,
    ) -> MadeRun:
        now = self._clock.now()
        ids = {one.id: new_id(now) for one in meant}
        able_ids = [one.id for one in meant if one.refused is None]
        online = {one for one in able_ids if is_online(one)}  # asked once: agents come and go
        able = [ids[one.id] for one in meant if one.id in online]
        plan = spec.plan(able, len(meant))
        first = [] if body.mode == "attach" else plan.start()
        run_id = new_id(now)
        commands: list[tuple[NewCommand, str]] = []
        for one in meant:
            row = NewCommand(
                id=ids[one.id], run_id=run_id, server_id=one.id, user_id=principal.user_id,
                user_name=principal.name, command=body.command, status="queued", created_at=now,
                sent_at=None, finished_at=None, reason=None, error=None, container=body.container,
            )  # fmt: skip
            if row["id"] in first:
                row["status"], row["sent_at"] = "sent", now
            elif one.refused is not None:
                row["status"], row["finished_at"] = "refused", now
                row["reason"], row["error"] = ROLE, one.refused
            elif one.id not in online:
                row["status"], row["finished_at"] = "offline", now
                row["error"] = f"{one.name} is offline; the command was not run"
            commands.append((row, one.name))
        return MadeRun(run_id, spec, plan, commands, first)

    def _store(
        self, tx: Transaction, principal: Principal, body: rest.CommandCreate, made: MadeRun
    ) -> None:
        key = body.idempotency_key
        row = crud.NewRun(
            id=made.id,
            user_id=principal.user_id,
            user_name=principal.name,
            token_id=principal.token.id if principal.token else None,
            target=body.target,
            command=body.command,
            options=made.spec.options(),
            created_at=self._clock.now(),
            idempotency_key=key,
            digest=made.spec.digest(body.target, self._key) if key else None,
            sealed_env=made.spec.seal_env(made.id, self._box) if made.plan.waiting else None,
        )
        crud.create(tx, row)
        commands_crud.create(tx, [command for command, _ in made.commands])

    def _record(
        self, tx: Transaction, origin: Origin, body: rest.CommandCreate, made: MadeRun
    ) -> None:
        detail: dict[str, Any] = {"run_id": made.id, "command": body.command}
        if body.container is not None:
            detail["container"] = body.container
            if body.user is not None:
                detail["user"] = body.user
        if len(made.commands) == 1 and parse_target(body.target).one is not None:
            row, server = made.commands[0]
            detail["command_id"] = row["id"]
            action = "commands.run" if made.spec.terminal is None else "terminals.open"
            self._audit.note(tx, origin, action, server, outcome=row["status"], detail=detail)
            return
        refused = [name for row, name in made.commands if row["reason"] == ROLE]
        others = [name for row, name in made.commands if row["reason"] != ROLE]
        for outcome, names in (("sent", others), ("denied", refused)):
            if names:
                self._audit.note(
                    tx, origin, "commands.run", body.target, outcome=outcome,
                    detail={**detail, "servers": names},
                )  # fmt: skip


def _is_refused_to(row: Command, principal: Principal) -> bool:
    return row.reason == ROLE and row.user_id == principal.user_id


def _planned(
    one: Meant, spec: RunSpec, agent: AgentSession | None, *, never: bool
) -> rest.PlannedServer:
    if one.refused is not None:
        return rest.PlannedServer(server=one.name, status="refused", error=one.refused)
    if agent is None:
        return rest.PlannedServer(server=one.name, status="never" if never else "offline")
    why = refusal(agent, spec)
    if why is not None:
        return rest.PlannedServer(server=one.name, status="refused", error=why.error)
    return rest.PlannedServer(server=one.name, status="online")
