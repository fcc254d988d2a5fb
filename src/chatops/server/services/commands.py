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
from chatops.errors import Busy, ChatOpsError
from chatops.protocol import rest
from chatops.protocol.limits import LOST_AFTER, LOST_AFTER_START, STREAM_CREDIT
from chatops.protocol.messages import (
    Auth,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Outcome,
    StreamClose,
    StreamCredit,
)
from chatops.protocol.messages import Command as CommandMessage
from chatops.server.db.models import Command
from chatops.server.services.access import Access, Principal
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.command_news import CommandNews
from chatops.server.services.command_records import CommandRecords
from chatops.server.services.for_sure import for_sure
from chatops.server.services.live_command import LiveCommand, revived
from chatops.server.services.output_file import OutputFile
from chatops.server.services.run_spec import RunSpec
from chatops.server.services.terminals import TerminalService
from chatops.tasks import Tasks

_LOST: Final = {
    "not_started": "the agent came back without having started it",
    "agent_restarted": "the agent was restarted and knows nothing of it",
    "agent_vanished": "the agent vanished while it was under way",
}
_SETTLING: Final = 512
"""Outcomes of one agent that may wait for the writer: twice what an agent may hold."""
_SHORT: Final = 0.1
"""Seconds that a command may run before it is recorded as running: one write less for most."""
_log = logging.getLogger(__name__)


class CommandService:
    """Sends commands, follows them, and shows what became of them."""

    def __init__(
        self,
        records: CommandRecords,
        news: CommandNews,
        agents: AgentManager,
        tasks: Tasks,
        clock: Clock,
        file: OutputFile,
        terminals: TerminalService,
        lost_after: float = LOST_AFTER,
    ) -> None:
        self.records = records
        self.news = news
        self.file = file
        self.terminals = terminals
        terminals.end = self.end
        self.agents = agents
        self._tasks = tasks
        self._clock = clock
        self.lost_after = lost_after
        """Seconds of an agent's silence after which its commands are lost."""
        self._started = agents.awake.now()
        self._live: dict[str, LiveCommand] = {}
        self._losing: set[str] = set()

    def __len__(self) -> int:
        """Commands that are not over."""
        return len(self._live)

    # -- sending ------------------------------------------------------------------------

    def add(self, live: LiveCommand) -> None:
        """A command that is not over: from here on this service follows it."""
        self._live[live.id] = live

    def find(self, command_id: str) -> LiveCommand | None:
        """A command that is not over."""
        return self._live.get(command_id)

    def is_online(self, server_id: str) -> bool:
        """Whether the server's agent is connected."""
        return self.agents.find(server_id) is not None

    async def send(self, live: LiveCommand, spec: RunSpec) -> None:
        """Hand a command that is recorded as sent to its agent; watchers follow it before."""
        if live.result is not None:
            return
        session = self.agents.find(live.server_id)
        why = None
        if session is not None and not live.cancelled:
            why = await self.terminals.refusal(session, live, spec)
        if live.cancelled:  # by now: that took its time
            self._close_soon(live, "cancelled", reason="not_started", error="cancelled: not sent")
            return
        if why is not None:
            self._close_soon(live, "refused", reason=why.reason, error=why.error)
            return
        live.tell_sent()
        message = CommandMessage(
            id=live.id, command=spec.command, timeout=spec.timeout, cwd=spec.cwd, env=spec.env,
            stdin=spec.stdin, container=spec.container, user=spec.user, terminal=spec.terminal,
            streams=live.open_streams(session) if session else [],
        )  # fmt: skip
        if session is None or not session.post(message):
            error = f"{live.server_name} went offline before the command was sent"
            self._close_soon(live, "offline", error=error)

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
        """An output stream ended, or a command takes no more input."""
        if message.stream in session.streams:
            session.streams[message.stream].end(message)
        elif message.stream in session.inputs:
            session.inputs[message.stream].on_close()

    def on_stream_credit(self, session: AgentSession, message: StreamCredit) -> None:
        """A command takes more input."""
        if message.stream in session.inputs:
            session.inputs[message.stream].on_credit(message)

    async def on_connected(self, session: AgentSession, auth: Auth, last_epoch: str | None) -> None:
        """Compare what this hub and a fresh connection's agent know of commands."""
        held = dict.fromkeys(command.id for command in auth.journal.commands)  # in its order
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
            if self.agents.find(session.server_id) is not session:
                return  # another one took over meanwhile, and has the streams
            if known is not None and known.server_id == session.server_id:
                self._open(known, session)

    def _open(self, live: LiveCommand, session: AgentSession) -> None:
        """Have a command that its agent knows come over this connection."""
        for message in live.said_again(session):
            session.post(message)

    # -- time ---------------------------------------------------------------------------

    def sweep(self) -> None:
        """Give up commands whose agent is silent for too long; called every second. What cannot
        be written down now is tried again by a later call."""
        for live in list(self._live.values()):
            gone = live.sent and not self.is_online(live.server_id)
            if gone and live.id not in self._losing and self._is_vanished(live):
                self._losing.add(live.id)
                self._tasks.spawn(self._lose_vanished(live), name="lost command")

    def stop(self, error: ChatOpsError) -> None:
        """The hub stops: nobody is to wait here for the end of a command. It goes on."""
        for live in self._live.values():
            live.give_up(error)

    def forget_server(self, server_id: str) -> None:
        """A server was removed: whoever waits for one of its commands waits in vain."""
        for live in [one for one in self._live.values() if one.server_id == server_id]:
            del self._live[live.id]
            live.close_recorder()
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
            return live.with_kept(live.outcome(row.status))
        return await self.records.result(row, server.name)

    async def result(self, live: LiveCommand) -> rest.CommandResult:
        """The outcome of a command with its kept output, as soon as it is recorded."""
        bare = await live.wait()
        if live.is_whole:
            return bare
        with contextlib.suppress(Busy):  # it ran: that is not to be hidden by an error now
            return await self.records.whole(bare)
        return bare

    def end(self, live: LiveCommand) -> None:
        """Have its agent end it: TERM, and KILL 5 s later. An agent that is away is told when
        it is back."""
        live.cancelled = True
        session = self.agents.find(live.server_id)
        if session is not None:
            session.post(CommandCancel(id=live.id))

    async def close(self, live: LiveCommand, status: rest.CommandStatus, **changes: Any) -> None:
        """Commit the end of a command, then tell who waits."""
        result = await self.records.end(live, status, **changes)
        await self.terminals.recordings.end(live, result)
        self.finish(live, result)

    def finish(self, live: LiveCommand, result: rest.CommandResult) -> None:
        """Tell who waits for a command whose end is committed, and the server's log."""
        if self._live.get(live.id) is live:
            del self._live[live.id]
        if live.result is None:
            self.news.over(live, result)
        live.finish(result)
        _log.debug("command over", extra={"command_id": live.id, "status": result.status})

    # -- inside -------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether agents had the time to come back since the hub started."""
        patience = max(self.lost_after, LOST_AFTER_START)
        return self.agents.awake.now() - self._started >= patience

    def _is_vanished(self, live: LiveCommand) -> bool:
        silence = self.agents.silence(live.server_id)
        return self.settled if silence is None else silence >= self.lost_after

    async def _counted(self, session: AgentSession, work: Coroutine[Any, Any, None]) -> None:
        session.settling += 1
        try:
            await work
        finally:
            session.settling -= 1

    async def _note_running(self, live: LiveCommand) -> None:
        """Record that a command runs, unless it is over before anybody could have looked."""
        with contextlib.suppress(TimeoutError, Busy):
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
            await self.close(
                live,
                outcome,
                exit_code=message.exit_code,
                signal=message.signal,
                started_at=message.started_at or live.started_at,
                duration_ms=message.duration_ms,
                reason=message.reason,
                error=message.error or live.ended_for,
            )
        session.post(CommandAck(id=message.id))

    async def _settle_for_sure(
        self, session: AgentSession, message: CommandResponse, outcome: Outcome
    ) -> None:
        await for_sure(lambda: self._settle(session, message, outcome), "an outcome")

    def _close_soon(self, live: LiveCommand, status: rest.CommandStatus, **changes: Any) -> None:
        """As ``close``, also when that cannot be committed now; nobody else waits for it."""
        closing = for_sure(lambda: self.close(live, status, **changes), "an outcome")
        self._tasks.spawn(closing, name="command not sent")

    async def _lose_vanished(self, live: LiveCommand) -> None:
        try:
            if not self.is_online(live.server_id):
                await self._lose(live, "agent_vanished")
                await self._take_up(live)
        except Busy as error:
            _log.error("a lost command cannot be recorded: %s", error.message)
        finally:
            self._losing.discard(live.id)

    async def _lose(self, live: LiveCommand, reason: str) -> None:
        await self.close(live, "lost", reason=reason, error=_LOST[reason])

    async def _take_up(self, lost: LiveCommand) -> None:
        """Its agent came back while it was written down as lost, and sends it to nobody."""
        session = self.agents.find(lost.server_id)
        if session is not None and lost.comes_over(session):
            live = await self._revive(session.server_id, lost.id)
            if live is not None and self.agents.find(session.server_id) is session:
                self._open(live, session)

    async def _revive(self, server_id: str, command_id: str) -> LiveCommand | None:
        """A command that this hub gave up and its agent still knows."""
        found = await self.records.lost(server_id, command_id)
        if found is None:
            return None
        live = self.revived(*found, STREAM_CREDIT)
        await self.terminals.recordings.resume(live)
        known = self._live.setdefault(command_id, live)
        if known is not live:  # somebody else was faster
            live.close_recorder()
        return known

    def revived(self, row: Command, server: str, credit: int) -> LiveCommand:
        """A command of before, as its row has it."""
        return revived(row, server, credit, self.file)
