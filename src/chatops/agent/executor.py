"""Runs the hub's commands: each at most once, in bounded number, its outcome kept until acked.

The executor knows no socket. A session calls ``connected``, takes frames out of
``next_frame`` until there is none, and ``disconnected`` at its end; commands go on between.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

from chatops.agent.guard import Guard
from chatops.agent.output import OutputStream
from chatops.agent.policy import Policy
from chatops.agent.run import Run
from chatops.clock import Clock, SystemClock
from chatops.protocol import codec
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

NO_CREDIT_SECONDS: Final = 60.0
"""An outcome waits so long for a hub that takes none of its output."""
RESUME_SECONDS: Final = 2.0
"""An outcome that is told again waits so long for the hub to open its output."""
MAX_HELD: Final = 4 * MAX_RUNNING_COMMANDS
MAX_REMEMBERED: Final = 1024
"""Ids of acked commands that are still known not to be started again."""

_log = logging.getLogger(__name__)


class Executor:
    """The commands that this agent knows."""

    def __init__(self, policy: Policy, guard: Guard, clock: Clock | None = None) -> None:
        self.epoch: Final = secrets.token_hex(8)
        self._policy = policy
        self._guard = guard
        self._clock = clock or SystemClock()
        self._tasks = Tasks()
        self._held: dict[str, Run | CommandResponse] = {}
        self._acked: OrderedDict[str, CommandResponse] = OrderedDict()
        self._streams: dict[int, tuple[Run, OutputStream]] = {}
        self._ready: dict[OutputStream, Run] = {}
        self._outcomes: deque[str] = deque()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._told: set[str] = set()
        self._wake: Callable[[], None] | None = None
        self._stopping = False

    # -- what the hub asks --------------------------------------------------------------

    def start(self, command: Command) -> CommandResponse | None:
        """Begin a command. The answer is ``running``, a refusal, or what is known of its id."""
        known = self._held.get(command.id) or self._acked.get(command.id)
        if known is not None:
            return _state_of(known)
        refusal = self._refusal(command)
        if refusal is not None:
            if len(self._held) < MAX_HELD:
                self._held[command.id] = refusal
            return refusal
        run = Run(command, self._guard, self._clock, self._moved)
        self._held[command.id] = run
        for stream in command.streams:
            self.open(stream)
        self._tasks.spawn(self._carry_out(run), name=f"command {command.id}")
        return run.running()

    def cancel(self, message: CommandCancel) -> CommandResponse | Error | None:
        """End a command; its outcome follows. An id that is not known is answered by an error."""
        known = self._held.get(message.id) or self._acked.get(message.id)
        if known is None:
            return Error(
                code="not_found", message="this agent knows no such command", re=message.id
            )
        if isinstance(known, Run) and known.response is None:
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
        self._acked[message.id] = response
        if len(self._acked) > MAX_REMEMBERED:
            self._acked.popitem(last=False)
        if isinstance(known, Run):
            self._forget_streams(known)

    def open(self, message: StreamOpen) -> None:
        """Send a stream of a command. One that is not known here is answered by its close."""
        run = self._held.get(message.command_id)
        if not isinstance(run, Run) or message.name == "stdin":
            close = StreamClose(stream=message.stream, reason="unknown")
            self._outcomes.append(codec.encode(close))
            self._poke()
            return
        stream = run.stdout if message.name == "stdout" else run.stderr
        for number, (_, other) in list(self._streams.items()):
            if other is stream:  # opened anew: the older number is void
                del self._streams[number]
        self._streams[message.stream] = (run, stream)
        stream.open(message)
        run.regulate()
        self._moved(stream)
        self._postpone(run)

    def credit(self, message: StreamCredit) -> None:
        """The hub takes more of a stream; numbers that are closed by now are no error."""
        if message.stream in self._streams:
            run, stream = self._streams[message.stream]
            stream.give(message)
            run.regulate()
            self._moved(stream)
            self._postpone(run)

    def shut(self, message: StreamClose) -> None:
        """The hub wants no more of a stream."""
        if message.stream in self._streams:
            run, stream = self._streams.pop(message.stream)
            stream.shut()
            run.regulate()
            self._settle(run)

    # -- what a session needs -----------------------------------------------------------

    def journal(self) -> JournalFacts:
        """The commands that are known, for the hub to compare with its own."""
        commands = [
            HeldCommand(id=id_, state="finished" if _outcome_of(known) else "running")
            for id_, known in self._held.items()
        ]
        return JournalFacts(epoch=self.epoch, commands=commands)

    def connected(self, wake: Callable[[], None]) -> None:
        """A session begins; ``wake`` is called when ``next_frame`` has something."""
        self._wake = wake
        for known in list(self._held.values()):
            if isinstance(known, CommandResponse):
                self._outcomes.append(codec.encode(known))
            elif known.response is not None and any(x.buffer.end for x in known.streams):
                self._arm(known, RESUME_SECONDS)
            else:
                self._settle(known)
        wake()

    def disconnected(self) -> None:
        """The session is over: nobody watches, nothing is under way."""
        self._wake = None
        self._outcomes.clear()
        self._ready.clear()
        self._told.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for run, stream in self._streams.values():
            stream.shut()
            run.regulate()
        self._streams.clear()

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub, the streams in turn; None when there is nothing."""
        while not self._outcomes and self._ready:
            stream, run = next(iter(self._ready.items()))
            del self._ready[stream]
            frame = stream.next_frame()
            run.regulate()
            if frame is None:
                continue
            if stream.is_open:
                self._ready[stream] = run
            else:
                self._settle(run)
            return frame
        return self._outcomes.popleft() if self._outcomes else None

    # -- the end ------------------------------------------------------------------------

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

    # -- within -------------------------------------------------------------------------

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

    async def _carry_out(self, run: Run) -> None:
        await run.carry_out()
        for stream in run.streams:
            self._moved(stream)
        self._settle(run)

    def _moved(self, stream: OutputStream) -> None:
        if not stream.is_open:
            return
        for run, one in self._streams.values():
            if one is stream:
                self._ready[stream] = run
                self._poke()
                return

    def _settle(self, run: Run) -> None:
        """Tell the outcome if nothing of the output has to go before it."""
        if run.response is None or self._wake is None:
            return
        if any(stream.is_open for stream in run.streams):
            self._arm(run, NO_CREDIT_SECONDS)
            return
        self._tell(run)

    def _tell(self, run: Run) -> None:
        self._disarm(run.id)
        if run.response is not None and run.id not in self._told:
            self._told.add(run.id)
            self._outcomes.append(codec.encode(run.response))
            self._poke()

    def _arm(self, run: Run, seconds: float) -> None:
        if run.id not in self._timers:
            loop = asyncio.get_running_loop()
            self._timers[run.id] = loop.call_later(seconds, self._tell, run)

    def _disarm(self, command_id: str) -> None:
        timer = self._timers.pop(command_id, None)
        if timer is not None:
            timer.cancel()

    def _postpone(self, run: Run) -> None:
        if run.id in self._timers:
            self._disarm(run.id)
            self._settle(run)

    def _forget_streams(self, run: Run) -> None:
        self._disarm(run.id)
        for number, (other, stream) in list(self._streams.items()):
            if other is run:
                del self._streams[number]
                stream.shut()
                self._ready.pop(stream, None)

    def _poke(self) -> None:
        if self._wake is not None:
            self._wake()


def _outcome_of(known: Run | CommandResponse | None) -> CommandResponse | None:
    return known.response if isinstance(known, Run) else known


def _state_of(known: Run | CommandResponse) -> CommandResponse:
    return _outcome_of(known) or (known.running() if isinstance(known, Run) else known)


def _refused(command_id: str, reason: str, error: str) -> CommandResponse:
    return CommandResponse(id=command_id, state="refused", reason=reason, error=error)


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
    return None
