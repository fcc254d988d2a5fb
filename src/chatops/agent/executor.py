"""Runs the hub's commands: each at most once, in bounded number, its outcome kept until acked.

The executor knows no socket. A session calls ``connected``, takes frames out of
``next_frame`` until there is none, and ``disconnected`` at its end; commands go on between.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Final

from chatops.agent.delivery import Delivery
from chatops.agent.guard import Guard
from chatops.agent.journal import Journal
from chatops.agent.policy import Policy
from chatops.agent.run import Run
from chatops.agent.spill import Spill
from chatops.clock import Clock
from chatops.protocol.limits import MAX_ARGUMENTS, MAX_COMMAND, MAX_RUNNING_COMMANDS
from chatops.protocol.messages import (
    Command,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Error,
    HeldCommand,
    JournalFacts,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.tasks import Tasks
from chatops.text import shorten

MAX_HELD: Final = 4 * MAX_RUNNING_COMMANDS
"""Commands that are known and not acked, altogether; past it none is taken."""

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SENTENCE: Final = 1000
"""Characters of a refusal: it may quote the command, and is kept in the journal."""
_log = logging.getLogger(__name__)


class Executor:
    """The commands that this agent knows: running, or with an outcome the hub has not acked.

    It begins with what the journal holds of the agent before this one.
    """

    def __init__(
        self, policy: Policy, guard: Guard, clock: Clock, journal: Journal, spill: Spill
    ) -> None:
        self._policy = policy
        self._guard = guard
        self._clock = clock
        self._journal = journal
        self._spill = spill
        self._tasks = Tasks()
        self._delivery = Delivery()
        self._held: dict[str, Run | CommandResponse] = {**journal.outcomes()}
        self._stopping = False

    # -- what the hub asks --------------------------------------------------------------------

    def start(self, command: Command) -> CommandResponse:
        """Begin a command. The answer is ``running``, a refusal, or what is known of its id."""
        known = self._known(command.id)
        if known is not None:
            return _state_of(known)
        refusal = self._refusal(command) or self._write_down(command.id)
        if refusal is not None:
            self._keep(refusal)
            return refusal
        run = Run(command, self._guard, self._clock, self._spill.open(), self._delivery.moved)
        self._held[command.id] = run
        for stream in command.streams:
            self.open(stream)
        self._tasks.spawn(self._carry_out(run), name=f"command {command.id}")
        return run.running()

    def cancel(self, message: CommandCancel) -> CommandResponse | Error | None:
        """End a command; its outcome follows. An id that is not known is answered by an error."""
        known = self._known(message.id)
        if known is None:
            return Error(
                code="not_found", message="this agent knows no such command", re=message.id
            )
        if _outcome_of(known) is None and isinstance(known, Run):
            known.end("cancelled", max(message.grace, 0.0))
            return None
        return _state_of(known)

    def ack(self, message: CommandAck) -> None:
        """The hub has the outcome: forget the command but for its id."""
        known = self._held.get(message.id)
        response = _outcome_of(known)
        if response is None:
            return
        del self._held[message.id]
        self._journal.ack(message.id)
        if isinstance(known, Run):
            self._delivery.forget(known)
            known.forget_output()

    def open(self, message: StreamOpen) -> None:
        """Send a stream of a command. One that is not known here is answered by its close."""
        known = self._held.get(message.command_id)
        if isinstance(known, Run) and message.name != "stdin":
            stream = known.stdout if message.name == "stdout" else known.stderr
            self._delivery.open(known, stream, message)
        else:
            self._delivery.reject(message, _outcome_of(known))

    def credit(self, message: StreamCredit) -> None:
        """The hub takes more of a stream."""
        self._delivery.credit(message)

    def shut(self, message: StreamClose) -> None:
        """The hub wants no more of a stream."""
        self._delivery.shut(message)

    # -- what a session needs -----------------------------------------------------------------

    def journal(self) -> JournalFacts:
        """The commands that are known, for the hub to compare with its own."""
        commands = [
            HeldCommand(id=command_id, state="finished" if _outcome_of(known) else "running")
            for command_id, known in self._held.items()
        ]
        return JournalFacts(epoch=self._journal.epoch, commands=commands)

    def connected(self, wake: Callable[[], None]) -> None:
        """A session begins; ``wake`` is called when ``next_frame`` has something."""
        self._delivery.connected(wake, list(self._held.values()))

    def disconnected(self) -> None:
        """The session is over; commands go on unwatched."""
        self._delivery.disconnected()

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub; None when there is nothing to send."""
        return self._delivery.next_frame()

    # -- the end --------------------------------------------------------------------------------

    @property
    def running(self) -> int:
        """How many commands have not ended."""
        return sum(_outcome_of(known) is None for known in self._held.values())

    @property
    def unacked(self) -> int:
        """How many outcomes the hub has not committed."""
        return len(self._held) - self.running

    def refuse_more(self) -> None:
        """Take no new command from now on."""
        self._stopping = True

    def end_all(self, grace: float) -> None:
        """End what still runs as cancelled, because the agent is stopping."""
        for known in self._held.values():
            if isinstance(known, Run):
                known.end("agent_stopping", grace)

    async def close(self) -> None:
        """Drop everything; processes that still run are left to the watchdog."""
        self.disconnected()
        await self._tasks.close()
        for known in self._held.values():
            if isinstance(known, Run):
                known.forget_output()

    # -- within -----------------------------------------------------------------------------------

    def _known(self, command_id: str) -> Run | CommandResponse | None:
        return self._held.get(command_id) or self._journal.acked(command_id)

    def _refusal(self, command: Command) -> CommandResponse | None:
        if self._stopping:
            return _refused(command.id, "agent_stopping", "the agent is being stopped")
        decision = self._policy.decide(command.command)
        if not decision.allowed:
            reason = "not_allowed" if decision.rule == "allow" else "policy"
            return _refused(command.id, reason, decision.message)
        problem = _unfit(command)
        if problem:
            return _refused(command.id, "invalid", problem)
        if self.running >= MAX_RUNNING_COMMANDS or len(self._held) >= MAX_HELD:
            sentence = f"{self.running} commands run on this agent, and no more are taken"
            return _refused(command.id, "too_many", sentence)
        return None

    def _write_down(self, command_id: str) -> CommandResponse | None:
        """Put the id into the journal; a refusal when that cannot be done."""
        try:
            self._journal.start(command_id, self._clock.now())
        except OSError as error:
            sentence = f"the agent's journal cannot be written: {error.strerror}"
            return _refused(command_id, "journal", sentence)
        return None

    def _keep(self, refusal: CommandResponse) -> None:
        if len(self._held) < MAX_HELD:
            self._held[refusal.id] = refusal
            self._journal.finish(refusal)

    async def _carry_out(self, run: Run) -> None:
        try:
            await run.carry_out()
        except Exception:  # noqa: BLE001  (whatever happens, a command gets its outcome)
            _log.exception("a command could not be followed to its end")
            run.give_up()
        if run.response is not None:
            self._journal.finish(run.response, run.unread)
        self._delivery.settle(run)


def _outcome_of(known: Run | CommandResponse | None) -> CommandResponse | None:
    return known.response if isinstance(known, Run) else known


def _state_of(known: Run | CommandResponse) -> CommandResponse:
    if isinstance(known, Run):
        return known.response or known.running()
    return known


def _refused(command_id: str, reason: str, error: str) -> CommandResponse:
    sentence = shorten(error, _SENTENCE)
    return CommandResponse(id=command_id, state="refused", reason=reason, error=sentence)


def _unfit(command: Command) -> str | None:
    words = [command.command] if isinstance(command.command, str) else command.command
    if not words or not words[0]:
        return "the command is empty"
    if len(words) > MAX_ARGUMENTS:
        return f"a command takes at most {MAX_ARGUMENTS} arguments, not {len(words)}"
    if sum(len(word.encode(errors="replace")) for word in words) > MAX_COMMAND:
        return f"the command is longer than {MAX_COMMAND} bytes"
    if command.stdin:
        return "this agent does not feed a command's standard input"
    # Some shells take a function from a variable, and its name is then not a usual one.
    if any(_VARIABLE.fullmatch(name) is None for name in command.env):
        return "the name of a variable is not made of letters, digits and _"
    return None
