"""Runs the hub's commands: each at most once, in bounded number, its outcome kept until acked.

The executor knows no socket. A session calls ``connected``, takes frames out of
``next_frame`` until there is none, and ``disconnected`` at its end; commands go on between.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import partial
from typing import Final

from chatops.agent.command_states import Commands, Life
from chatops.agent.delivery import Delivery
from chatops.agent.engine import Engine
from chatops.agent.exec_policy import Decision
from chatops.agent.guard import Guard
from chatops.agent.inputs import Inputs
from chatops.agent.journal import Journal
from chatops.agent.policy import Policy
from chatops.agent.run import Containers, Run
from chatops.agent.spill import Spill
from chatops.agent.terminal_run import TerminalRun
from chatops.clock import Clock
from chatops.errors import ProtocolError
from chatops.protocol.facts import JournalFacts
from chatops.protocol.frames import MAX_STREAM, StreamFrame
from chatops.protocol.limits import MAX_ARGUMENTS, MAX_COMMAND, MAX_RUNNING_COMMANDS
from chatops.protocol.messages import (
    Command,
    CommandAck,
    CommandCancel,
    CommandResponse,
    Error,
    Resize,
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
        self,
        policy: Policy,
        guard: Guard,
        clock: Clock,
        journal: Journal,
        spill: Spill,
        engine: Engine | None = None,
    ) -> None:
        self._policy = policy
        self._guard = guard
        self._clock = clock
        self._journal = journal
        self._spill = spill
        self._containers = Containers(engine or Engine(policy.docker.host), policy.docker)
        self._tasks = Tasks()
        self._delivery = Delivery()
        self._inputs = Inputs()
        self._commands = Commands(journal, MAX_HELD)
        self._runs: dict[str, Run] = {}
        self._stopping = False

    # -- what the hub asks --------------------------------------------------------------------

    def start(self, command: Command) -> CommandResponse | None:
        """Begin a command. The answer is ``running``, a refusal, or what is known of its id;
        None when that is an outcome that has to follow its output."""
        known = self._commands.told(command.id)
        if known is not None:
            return self._in_turn(known)
        life = self._refusal(command) or self._write_down(command.id)
        if isinstance(life, CommandResponse):
            self._commands.refuse(life)
            return life
        run = self._run_of(command)(
            command, life, self._policy.exec, self._containers, self._guard, self._clock,
            self._spill.open(), self._delivery.moved, self._tell,
        )  # fmt: skip
        self._runs[command.id] = run
        for stream in command.streams:
            self.open(stream)
        self._tasks.spawn(self._carry_out(run), name=f"command {command.id}")
        return life.told()

    def cancel(self, message: CommandCancel) -> CommandResponse | Error | None:
        """End a command; its outcome follows, after its output. An id that is not known is
        answered by an error."""
        known = self._commands.told(message.id)
        if known is None:
            return Error(
                code="not_found", message="this agent knows no such command", re=message.id
            )
        if known.state != "running":
            return self._in_turn(known)
        self._runs[message.id].end("cancelled", max(message.grace, 0.0))
        return None

    def resize(self, message: Resize) -> None:
        """A command's terminal has another size. One that is over is no error."""
        run = self._runs.get(message.id)
        if isinstance(run, TerminalRun):
            run.resize(message)

    def ack(self, message: CommandAck) -> None:
        """The hub has the outcome: forget the command but for its id."""
        if self._commands.ack(message.id) and message.id in self._runs:
            self._forget(self._runs.pop(message.id))

    def open(self, message: StreamOpen) -> None:
        """Send a stream of a command, or take its input. One that is not known here, or has a
        number that fits into no frame, is answered by its close."""
        run = self._runs.get(message.command_id)
        if message.stream > MAX_STREAM:
            self._delivery.post(StreamClose(stream=message.stream, reason="invalid"))
        elif message.name == "stdin":
            self._open_input(run, message)
        elif run is not None:
            stream = run.stdout if message.name == "stdout" else run.stderr
            self._delivery.open(run, stream, message)
        else:
            self._delivery.reject(message, self._commands.outcome(message.command_id))

    def credit(self, message: StreamCredit) -> None:
        """The hub takes more of a stream."""
        self._delivery.credit(message)

    def shut(self, message: StreamClose) -> Error | None:
        """The hub wants no more of a stream, or sends no more of an input."""
        try:
            if not self._inputs.shut(message):
                self._delivery.shut(message)
        except ProtocolError as error:
            return Error(code=error.code, message=error.message)
        return None

    def feed(self, frame: StreamFrame) -> None:
        """Bytes for a command's standard input.

        Raises:
            ProtocolError: nothing was to come there.
        """
        self._inputs.take(frame)

    # -- what a session needs -----------------------------------------------------------------

    def journal(self) -> JournalFacts:
        """The commands that are known, for the hub to compare with its own."""
        return JournalFacts(epoch=self._journal.epoch, commands=self._commands.held())

    def connected(self, wake: Callable[[], None]) -> None:
        """A session begins; ``wake`` is called when ``next_frame`` has something."""
        self._delivery.connected(wake, self._known())

    def disconnected(self) -> None:
        """The session is over; commands go on unwatched."""
        self._inputs.disconnected()
        self._delivery.disconnected()

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub; None when there is nothing to send."""
        return self._delivery.next_frame()

    @property
    def due(self) -> int:
        """How many messages wait for the hub, output apart."""
        return self._delivery.due

    # -- the end --------------------------------------------------------------------------------

    @property
    def running(self) -> int:
        """How many commands have not ended."""
        return self._commands.running

    @property
    def unacked(self) -> int:
        """How many outcomes the hub has not committed."""
        return self._commands.unacked

    def refuse_more(self) -> None:
        """Take no new command from now on."""
        self._stopping = True

    def end_all(self, grace: float) -> None:
        """End what still runs as cancelled, because the agent is stopping."""
        for run in self._runs.values():
            run.end("agent_stopping", grace)

    async def close(self) -> None:
        """Drop everything; processes that still run are left to the watchdog."""
        self.disconnected()
        await self._tasks.close()
        for run in self._runs.values():
            run.forget()

    # -- within -----------------------------------------------------------------------------------

    def _known(self) -> list[Run | CommandResponse]:
        """What is not acked; of what this agent did not run itself the outcome alone."""
        known = [(one.id, self._commands.outcome(one.id)) for one in self._commands.held()]
        found = [self._runs.get(command_id, response) for command_id, response in known]
        return [one for one in found if one is not None]

    def _in_turn(self, known: CommandResponse) -> CommandResponse | None:
        """An answer that overtakes no output: an outcome that waits for it is told by itself."""
        return None if self._delivery.is_waiting(known.id) else known

    def _refusal(self, command: Command) -> CommandResponse | None:
        if self._stopping:
            return _refused(command.id, "agent_stopping", "the agent is being stopped")
        decision = self._decide(command)
        if not decision.allowed:
            reason = "not_allowed" if decision.rule == "allow" else "policy"
            return _refused(command.id, reason, decision.message)
        problem = _unfit(command)
        if problem:
            return _refused(command.id, "invalid", problem)
        return self._crowded(command.id)

    def _run_of(self, command: Command) -> Callable[..., Run]:
        if command.terminal is None:
            return Run
        return partial(TerminalRun, self._policy.shell)

    def _decide(self, command: Command) -> Decision:
        if command.terminal is not None:
            return self._policy.decide_at_terminal(command)
        if command.container is not None:
            return self._policy.decide_in_container()
        return self._policy.decide(command.command, cwd=command.cwd, env=command.env)

    def _crowded(self, command_id: str) -> CommandResponse | None:
        running, bounds = self.running, self._policy.exec
        if running < bounds.most and not self._commands.full:
            return None
        sentence = f"{running} commands run on this agent, and no more are taken"
        if bounds.max_running is not None and running >= bounds.most:
            sentence = f"{sentence}: max_running of its policy is {bounds.max_running}"
        return _refused(command_id, "too_many", sentence)

    def _write_down(self, command_id: str) -> Life | CommandResponse:
        """Put the id into the journal; a refusal when that cannot be done."""
        try:
            return self._commands.begin(command_id, self._clock.now())
        except OSError as error:
            sentence = f"the agent's journal cannot be written: {error.strerror}"
            return _refused(command_id, "journal", sentence)

    def _open_input(self, run: Run | None, message: StreamOpen) -> None:
        number = message.stream
        if run is not None and run.stdin is not None:
            self._inputs.open(number, run.stdin)
            return
        self._inputs.end(number)
        known = self._commands.told(message.command_id)
        self._delivery.post(StreamClose(stream=number, reason="closed" if known else "unknown"))

    def _tell(self, message: StreamCredit | StreamClose) -> None:
        if isinstance(message, StreamClose):
            self._inputs.end(message.stream)
        self._delivery.post(message)

    def _forget(self, run: Run) -> None:
        self._delivery.forget(run)
        if run.stdin is not None:
            self._inputs.forget(run.stdin)
        run.forget()

    async def _carry_out(self, run: Run) -> None:
        try:
            await run.carry_out()
        except Exception:  # noqa: BLE001  (whatever happens, a command gets its outcome)
            _log.exception("a command could not be followed to its end")
            run.give_up()
        self._commands.settle(run.life, run.unread)
        self._delivery.settle(run)


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
    # Some shells take a function from a variable, and its name is then not a usual one.
    if any(_VARIABLE.fullmatch(name) is None for name in command.env):
        return "the name of a variable is not made of letters, digits and _"
    return None
