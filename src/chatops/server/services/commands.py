"""CommandService: commands from their record to their outcome.

A command is recorded, with its audit, before it is sent; its agent runs it at most once and
keeps the outcome until this hub has committed it and said so. See command_states for the
states, docs/topics/commands.md for what happens when either end goes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from typing import Any, Final

from chatops.clock import Clock
from chatops.errors import Busy, Conflict
from chatops.protocol import rest
from chatops.protocol.limits import LOST_AFTER, LOST_AFTER_START
from chatops.protocol.messages import (
    Auth,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Outcome,
    StreamClose,
)
from chatops.protocol.messages import Command as CommandMessage
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.command_records import CommandRecords
from chatops.server.services.command_results import check_request, to_record, to_result
from chatops.server.services.live_command import LiveCommand
from chatops.tasks import Tasks

_LOST: Final = {
    "not_started": "the agent came back without having started it",
    "agent_restarted": "the agent was restarted and knows nothing of it",
    "agent_vanished": "the agent vanished while it was under way",
}
_RETRY_AFTER: Final = 1.0
_SETTLING: Final = 512
"""Outcomes of one agent that may wait for the writer: twice what an agent may hold."""
_SHORT: Final = 0.1
"""Seconds that a command may run before it is recorded as running: one write less for most."""
_log = logging.getLogger(__name__)


class CommandService:
    """Makes, follows, cancels and shows commands."""

    def __init__(
        self,
        records: CommandRecords,
        agents: AgentManager,
        audit: AuditService,
        tasks: Tasks,
        clock: Clock,
        lost_after: float = LOST_AFTER,
    ) -> None:
        self.records = records
        self._agents = agents
        self._audit = audit
        self._tasks = tasks
        self._clock = clock
        self._lost_after = lost_after
        self._started = clock.monotonic()
        self._live: dict[str, LiveCommand] = {}

    # -- making -----------------------------------------------------------------------

    async def start(
        self, principal: Principal, origin: Origin, body: rest.CommandCreate
    ) -> LiveCommand:
        """Record a command, then send it. Of an offline server it is over at once.

        Raises:
            NotFound, NotPermitted: the server, for this caller.
            InvalidInput: the command, its folder or its environment cannot be passed on.
        """
        check_request(body)
        row, server = await self.records.create(principal, origin, body, self._is_online)
        live = LiveCommand(row, server.name)
        if row.status == "offline":
            live.finish(to_result(row, server.name))
            return live
        self._live[live.id] = live
        return live

    async def send(self, live: LiveCommand, body: rest.CommandCreate) -> None:
        """Hand a recorded command to its agent; watchers are attached before this."""
        if live.result is not None:
            return
        live.sent = True
        session = self._agents.find(live.server_id)
        message = CommandMessage(
            id=live.id,
            command=body.command,
            timeout=body.timeout,
            cwd=body.cwd,
            env=body.env,
            streams=live.open_streams(session) if session else [],
        )
        if session is None or not session.post(message):
            error = f"{live.server_name} went offline before the command was sent"
            await self._close(live, "offline", error=error)

    # -- what agents say ----------------------------------------------------------------

    def on_response(self, session: AgentSession, message: CommandResponse) -> None:
        """An agent says that a command runs, or what became of it."""
        live = self._live.get(message.id)
        if live is not None and live.server_id != session.server_id:
            session.post(CommandAck(id=message.id))  # an agent speaks for its own server only
            return
        if session.settling >= _SETTLING:
            return  # no honest agent: what is true of this it says again at its next connection
        if message.state != "running":
            settling = self._settle_for_sure(session, message, message.state)
            self._tasks.spawn(self._counted(session, settling), name="command outcome")
        elif live is not None and live.started_at is None:
            live.started_at = message.started_at or self._clock.now()
            self._tasks.spawn(self._note_running(live), name="command running")

    def on_frame(self, session: AgentSession, stream: int, offset: int, data: bytes) -> None:
        """Bytes of an output stream came; of one that is closed they are let go."""
        sink = session.streams.get(stream)
        if sink is not None:
            sink.feed(offset, data)

    def on_stream_close(self, session: AgentSession, message: StreamClose) -> None:
        """An output stream ended."""
        sink = session.streams.get(message.stream)
        if sink is not None:
            sink.end(message.offset, message.dropped)

    async def on_connected(self, session: AgentSession, auth: Auth, last_epoch: str | None) -> None:
        """Compare what this hub and a fresh connection's agent know of commands."""
        held = {command.id for command in auth.journal.commands}
        unknown = [  # found at once: what is sent from here on goes to this session
            live
            for live in self._live.values()
            if live.server_id == session.server_id and live.sent and live.id not in held
        ]
        for live in unknown:
            same = auth.journal.epoch == last_epoch
            await self._lose(live, "not_started" if same else "agent_restarted")
        for command_id in held:
            known = self._live.get(command_id) or await self._revive(session.server_id, command_id)
            if known is not None and known.server_id == session.server_id:
                for opening in known.open_streams(session):
                    session.post(opening)

    # -- time ---------------------------------------------------------------------------

    async def load_open(self) -> None:
        """After a start of the hub: take up what was under way before it."""
        self._live = {live.id: live for live in await self.records.open_commands()}

    async def sweep(self) -> None:
        """Give up commands whose agent is silent for too long; called every second."""
        for live in list(self._live.values()):
            if self._agents.find(live.server_id) is None and self._is_vanished(live.server_id):
                await self._lose(live, "agent_vanished")

    def forget_server(self, server_id: str) -> None:
        """A server was removed: whoever waits for one of its commands waits in vain."""
        for live in [one for one in self._live.values() if one.server_id == server_id]:
            del self._live[live.id]
            live.finish(live.outcome("lost", error="the server was removed from the hub"))

    # -- looking and cancelling -----------------------------------------------------------

    async def output(self, principal: Principal, command_id: str) -> rest.CommandResult:
        """A command's outcome with what is kept of its output.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        row, server = await self.records.find(principal, command_id, Access.OPERATOR)
        live = self._live.get(command_id)
        if live is not None:
            return live.outcome(row.status)
        return await self.records.result(row, server.name)

    async def cancel(
        self, principal: Principal, origin: Origin, command_id: str
    ) -> rest.CommandRecord:
        """Ask the agent to end a command: TERM, and KILL 5 s later.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it is over.
            Offline: its agent cannot be asked.
        """
        row, server = await self.records.find(principal, command_id, Access.OPERATOR)
        if command_id not in self._live:
            raise Conflict(f"the command is over: {row.status}")
        detail = {"command_id": command_id}
        await self._audit.record_alone(origin, "commands.cancel", server.name, detail=detail)
        self._agents.session(server.id).post(CommandCancel(id=command_id))
        return to_record(row, server.name)

    # -- inside -------------------------------------------------------------------------

    def _is_vanished(self, server_id: str) -> bool:
        silence = self._agents.silence(server_id)
        if silence is not None:
            return silence >= self._lost_after
        patience = max(self._lost_after, LOST_AFTER_START)
        return self._clock.monotonic() - self._started >= patience

    def _is_online(self, server_id: str) -> bool:
        return self._agents.find(server_id) is not None

    async def _counted(self, session: AgentSession, work: Coroutine[Any, Any, None]) -> None:
        session.settling += 1
        try:
            await work
        finally:
            session.settling -= 1

    async def _note_running(self, live: LiveCommand) -> None:
        """Record that a command runs, unless it is over before anybody could have looked."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHORT):
                await live.wait()
        if live.result is None:
            with contextlib.suppress(Busy):  # the outcome will be recorded all the same
                await self.records.set_running(live.id, live.started_at)

    async def _settle(
        self, session: AgentSession, message: CommandResponse, outcome: Outcome
    ) -> None:
        """Commit an outcome, then let the agent forget it; without a commit it stays there."""
        live = self._live.get(message.id) or await self._revive(session.server_id, message.id)
        if live is not None:
            live.streams["stdout"].kept.skip_to(message.stdout_bytes)
            live.streams["stderr"].kept.skip_to(message.stderr_bytes)
            await self._close(
                live,
                outcome,
                exit_code=message.exit_code,
                signal=message.signal,
                started_at=message.started_at or live.started_at,
                duration_ms=message.duration_ms,
                reason=message.reason,
                error=message.error,
            )
        session.post(CommandAck(id=message.id))

    async def _settle_for_sure(
        self, session: AgentSession, message: CommandResponse, outcome: Outcome
    ) -> None:
        while True:
            try:
                return await self._settle(session, message, outcome)
            except Busy as error:
                _log.error("an outcome cannot be stored: %s", error.message)
                await asyncio.sleep(_RETRY_AFTER)

    async def _lose(self, live: LiveCommand, reason: str) -> None:
        await self._close(live, "lost", reason=reason, error=_LOST[reason])

    async def _close(self, live: LiveCommand, status: rest.CommandStatus, **changes: Any) -> None:
        """Commit the end of a command, then tell who waits."""
        result = await self.records.end(live, status, **changes)
        self._live.pop(live.id, None)
        live.finish(result)
        _log.info("command over", extra={"command_id": live.id, "status": result.status})

    async def _revive(self, server_id: str, command_id: str) -> LiveCommand | None:
        """A command that this hub gave up and its agent still knows."""
        live = await self.records.lost(server_id, command_id)
        if live is not None:
            self._live[live.id] = live
        return live
