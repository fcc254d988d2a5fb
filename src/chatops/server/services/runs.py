"""RunService: one command on one or many servers, from the request to the last outcome.

It writes runs down, has RunDriver carry them out, lets callers follow them, and shows and
cancels them. A run goes on without anybody who watches, and after a restart of the hub.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from chatops.clock import Clock
from chatops.errors import Busy, Conflict, InvalidInput, NotFound
from chatops.protocol import rest
from chatops.protocol.limits import ATTACH_WITHIN
from chatops.protocol.rest import COMMAND_FINAL
from chatops.protocol.target import parse_target
from chatops.server.db.models import Command
from chatops.server.services.access import Access, Principal
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.command_results import check_request, to_record, to_run
from chatops.server.services.commands import CommandService
from chatops.server.services.following import Following, Followings, Stored
from chatops.server.services.live_run import LiveRun, new_run
from chatops.server.services.run_driver import RunDriver
from chatops.server.services.run_records import ROLE, RunRecords
from chatops.server.services.watching import Watcher

_MOMENT: Final = 0.02
_LOOKS: Final = 250
_log = logging.getLogger(__name__)


class RunService:
    """Makes, starts, shows and cancels runs."""

    def __init__(
        self,
        records: RunRecords,
        driver: RunDriver,
        commands: CommandService,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self.records = records
        self.driver = driver
        self._commands = commands
        self._audit = audit
        self._clock = clock
        self.followed = Followings()

    # -- making -------------------------------------------------------------------------

    async def create(
        self, principal: Principal, origin: Origin, body: rest.CommandCreate
    ) -> LiveRun | str:
        """Write a run down; nothing is sent before RunDriver.begin. The id alone is the answer when
        it was made before with the same idempotency key.

        Raises:
            NotFound, NotPermitted: the servers, for this caller.
            InvalidInput: the command, its folder or its environment cannot be passed on.
            Conflict: see RunRecords.create.
        """
        check_request(body)
        if body.stdin and (body.mode != "attach" or parse_target(body.target).one is None):
            raise InvalidInput("standard input goes to one server, in mode attach")
        made = await self.records.create(principal, origin, body, self._commands.is_online)
        if isinstance(made, str):
            return made
        run = new_run(made, principal, self._commands.file, principal.since)
        for live in run.commands:
            if live.result is not None:  # it cannot be run
                self._commands.news.over(live, live.result)
        if body.mode == "attach":
            run.attach_by = self._clock.monotonic() + ATTACH_WITHIN
        self.driver.add(run)
        await self._check_still_allowed(principal, run)
        return run

    async def plan(self, principal: Principal, body: rest.CommandCreate) -> rest.RunPlan:
        """Where a run would go; nothing is written down.

        Raises:
            as ``create``.
        """
        check_request(body)
        return await self.records.plan(principal, body, self._commands.agents.find)

    # -- following ------------------------------------------------------------------------

    async def follow(
        self,
        principal: Principal,
        name: str,
        offsets: Mapping[str, tuple[int, int]],
    ) -> tuple[Following, LiveRun | None]:
        """All that happens to a command or run, from its beginning or the given offsets on;
        and the run, if it is not over.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        rows = await self._find_told(principal, name)
        watcher, stored = Watcher(), []
        for row, server in rows:
            live, had = self._commands.find(row.id), offsets.get(row.id, (0, 0))
            if live is None:
                stored.append(Stored(row.id, server, had))
            else:
                watcher.follow(live, had)
        run_id, load = rows[0][0].run_id, self._commands.records.story
        following = Following(run_id, len(rows), stored, watcher, load)
        servers = [row.server_id for row, _ in rows if row.reason != ROLE]
        self.followed.add(following, principal.holder, servers, since=principal.since)
        return following, self.driver.find(run_id)

    def follow_new(self, run: LiveRun, *, output: bool = True) -> Following:
        """The same for a run that was just made, before anything of it is sent. Without
        ``output`` nothing is told but that the reader may not go on (see ``unless_cut``)."""
        watcher, load = Watcher(), self._commands.records.story
        for live in run.commands if output else ():
            watcher.follow(live)
        following = Following(run.id, len(run.commands), [], watcher, load)
        return self.followed.add(following, run.holder, run.used, since=run.since)

    async def find(
        self, principal: Principal, name: str, access: Access
    ) -> list[tuple[Command, str]]:
        """The command of that id, or the commands of the run of that id, with the names of
        their servers.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        try:
            row, server = await self._commands.records.find(principal, name, access)
        except NotFound as error:
            try:
                _, rows, _ = await self.records.find(principal, name, access)
            except NotFound:
                raise error from None
            return rows
        return [(row, server.name)]

    async def show(self, principal: Principal, run_id: str) -> rest.Run:
        """A run, and how it stands with each of its commands.

        Raises:
            NotFound: there is none that the caller may see.
        """
        run, rows, whole = await self.records.find(principal, run_id, Access.VIEWER)
        return to_run(run, rows, whole=whole)

    # -- cancelling -----------------------------------------------------------------------

    async def cancel_command(
        self, principal: Principal, origin: Origin, command_id: str
    ) -> rest.CommandRecord:
        """End a command: one that waits for its turn will not start, another is ended by its
        agent, with TERM, and KILL 5 s later.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it is over.
        """
        row, server = await self._commands.records.find(principal, command_id, Access.OPERATOR)
        live = self._commands.find(command_id)
        if live is None:
            raise Conflict(f"the command is over: {row.status}")
        detail = {"command_id": command_id}
        await self._audit.record_alone(origin, "commands.cancel", server.name, detail=detail)
        await self.driver.end(row.run_id, [live], f"cancelled by {principal.name}")
        row, server = await self._commands.records.find(principal, command_id, Access.OPERATOR)
        return to_record(row, server.name)

    async def cancel(self, principal: Principal, origin: Origin, run_id: str) -> rest.Run:
        """End all of a run's commands that are not over.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it is over.
        """
        run, rows, _ = await self.records.find(principal, run_id, Access.OPERATOR)
        found = [live for row, _ in rows if (live := self._commands.find(row.id)) is not None]
        if not found:
            raise Conflict("the run is over")
        detail = {"run_id": run_id}
        await self._audit.record_alone(origin, "runs.cancel", run.target, detail=detail)
        await self.driver.end(run_id, found, f"cancelled by {principal.name}")
        return await self.show(principal, run_id)

    # -- inside -----------------------------------------------------------------------------

    async def _check_still_allowed(self, principal: Principal, run: LiveRun) -> None:
        """Rights may have ended while a slow request came in, or was written down."""
        for cut in self.followed.since(principal.since, principal.holder, run.used):
            await self.driver.drop(run, f"not started: {principal.name} may not do this any more")
            raise cut.error

    async def _find_told(self, principal: Principal, name: str) -> list[tuple[Command, str]]:
        """The same as ``find``, once all that is not over is followed here: another request may
        have written it down a moment ago."""
        for _ in range(_LOOKS):
            rows = await self.find(principal, name, Access.OPERATOR)
            if all(row.status in COMMAND_FINAL or self._commands.find(row.id) for row, _ in rows):
                return rows
            await asyncio.sleep(_MOMENT)
        raise Busy("the hub is still writing that down")
