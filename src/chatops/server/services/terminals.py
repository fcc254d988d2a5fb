"""TerminalService: what a command at a terminal needs beyond what every command does."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chatops.errors import Busy
from chatops.protocol.messages import Resize
from chatops.server.services.agent_manager import AgentManager, AgentSession
from chatops.server.services.command_refusals import Why, refusal
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.recordings import RecordingService
from chatops.server.services.run_spec import RunSpec

_log = logging.getLogger(__name__)


class TerminalService:
    """Records terminals, and tells agents their sizes."""

    def __init__(self, recordings: RecordingService, agents: AgentManager) -> None:
        self.recordings = recordings
        self._agents = agents
        self.end: Callable[[LiveCommand], object] = lambda live: None
        """Has a command ended by its agent."""
        recordings.failed = self._not_recorded

    async def refusal(self, session: AgentSession, live: LiveCommand, spec: RunSpec) -> Why | None:
        """Why the agent of this session does not get a command; None when it gets it. From here
        on one at a terminal is recorded: what cannot be is not opened."""
        refused = refusal(session, spec)
        if refused is not None or spec.terminal is None:
            return refused
        try:
            await self.recordings.begin(live, spec)
        except (OSError, Busy) as error:
            why = error.message if isinstance(error, Busy) else error.strerror
            return Why("not_recorded", f"the terminal cannot be recorded: {why}")
        return None

    def resize(self, live: LiveCommand, size: Resize) -> None:
        """The terminal of a command has another size, or is to be drawn anew. An agent that is
        away is told when it is back."""
        size.id, live.size = live.id, size
        if live.recorder is not None:
            live.recorder.resize(size.rows, size.cols)
        session = self._agents.find(live.server_id)
        if session is not None:
            session.post(size)

    def _not_recorded(self, live: LiveCommand, why: str) -> None:
        _log.error("a recording ends early: %s", why, extra={"command_id": live.id})
        live.ended_for = f"the terminal could not be recorded any more: {why}"
        self.end(live)
