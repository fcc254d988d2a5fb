"""What the agent knows of each command, and what may become of it. Pure but for the journal.

     command ─┬─ refused ─────────────────────────────────────────────┐
              │                                                       ▼
              └─ journaled ─► starting ─► running ─► ending(why) ─► held ──ack──► acked
                                 │  │        │            ▲           ▲
                                 │  └─ end ──┼── end ─────┘           │
                                 └─ no start ┴─ internal fault ───────┘

    end           the leader exits, time limit, cancel, agent stopping, input lost: the first counts
    held          there is an outcome; it is told at each connection until the hub's ack
    acked         only the outcome is still known, so that the id is never run again
    agent dies    starting, running, ending ─► held, as ``cancelled``, reason ``agent_died``

What does not fit changes nothing: a second ``command`` is answered by what is known, a second
end is none, an ack before the outcome is passed over.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, Protocol

from chatops.protocol.facts import HeldCommand
from chatops.protocol.messages import (
    CommandResponse,
)


class State(StrEnum):
    """Where a command stands."""

    STARTING = "starting"
    RUNNING = "running"
    ENDING = "ending"
    HELD = "held"
    ACKED = "acked"


class Event(StrEnum):
    """What may happen to it."""

    STARTED = "started"
    END = "end"
    OUTCOME = "outcome"
    ACK = "ack"


NEXT: Final[Mapping[tuple[State, Event], State]] = {
    (State.STARTING, Event.STARTED): State.RUNNING,
    (State.STARTING, Event.END): State.ENDING,
    (State.STARTING, Event.OUTCOME): State.HELD,
    (State.RUNNING, Event.END): State.ENDING,
    (State.RUNNING, Event.OUTCOME): State.HELD,
    (State.ENDING, Event.OUTCOME): State.HELD,
    (State.HELD, Event.ACK): State.ACKED,
}
"""Every change there is."""


class Keeper(Protocol):
    """What must survive the agent; see Journal."""

    def outcomes(self) -> dict[str, CommandResponse]:
        """What was held when the agent before this one ended."""

    def acked(self, command_id: str) -> CommandResponse | None:
        """The outcome of a command that was acked."""

    def start(self, command_id: str, at: float) -> None:
        """Write down that a command is about to be started."""

    def finish(self, response: CommandResponse, unsent: int = 0) -> None:
        """Write down an outcome."""

    def ack(self, command_id: str) -> None:
        """Write down that the hub has it."""


class Life:
    """One command from the journal's line to the hub's ack."""

    def __init__(self, command_id: str, started_at: float) -> None:
        self.id: Final = command_id
        self.started_at: Final = started_at
        self.state = State.STARTING
        self.why: str | None = None
        self.response: CommandResponse | None = None

    def started(self) -> None:
        """The process is there."""
        self._go(Event.STARTED)

    def end(self, why: str) -> bool:
        """It is to end, or has. False when it was to end already, and why is another reason."""
        first = self._go(Event.END)
        if first:
            self.why = why
        return first

    def finish(self, response: CommandResponse) -> None:
        """The outcome; the first one stays."""
        if self._go(Event.OUTCOME):
            self.response = response

    def ack(self) -> bool:
        """The hub has the outcome; whether there was one that it had not."""
        return self._go(Event.ACK)

    def told(self) -> CommandResponse:
        """What the hub is told when it asks."""
        running = CommandResponse(id=self.id, state="running", started_at=self.started_at)
        return self.response or running

    def _go(self, event: Event) -> bool:
        state = NEXT.get((self.state, event))
        if state is not None:
            self.state = state
        return state is not None


class Commands:
    """All commands that are not acked. It begins with what ``journal`` has."""

    def __init__(self, journal: Keeper, most: int) -> None:
        self._journal = journal
        self._most = most
        self._lives: dict[str, Life] = {}
        for response in journal.outcomes().values():
            self._hold(response)

    def begin(self, command_id: str, at: float) -> Life:
        """Take a command that is not known. It may be started once this has returned.

        Raises:
            OSError: it cannot be written down, so it must not be started.
        """
        assert self.told(command_id) is None
        self._journal.start(command_id, at)
        life = self._lives[command_id] = Life(command_id, at)
        return life

    def refuse(self, response: CommandResponse) -> None:
        """Do not take a command that is not known. Where there is no room, that is not kept."""
        if len(self._lives) < self._most:
            self._hold(response)
            self._journal.finish(response)

    def settle(self, life: Life, unsent: int) -> None:
        """Write down the outcome of a command, before anybody is told."""
        if life.response is not None:
            self._journal.finish(life.response, unsent)

    def ack(self, command_id: str) -> bool:
        """The hub has the outcome; whether it was held."""
        life = self._lives.get(command_id)
        if life is None or not life.ack():
            return False
        del self._lives[command_id]
        self._journal.ack(command_id)
        return True

    def told(self, command_id: str) -> CommandResponse | None:
        """What the hub is told of an id; None when it was never seen."""
        life = self._lives.get(command_id)
        return life.told() if life else self._journal.acked(command_id)

    def outcome(self, command_id: str) -> CommandResponse | None:
        """The outcome that is held."""
        life = self._lives.get(command_id)
        return life.response if life else None

    def held(self) -> list[HeldCommand]:
        """What is known and not acked."""
        return [
            HeldCommand(id=one.id, state="running" if one.response is None else "finished")
            for one in self._lives.values()
        ]

    @property
    def running(self) -> int:
        """How many have no outcome."""
        return sum(one.response is None for one in self._lives.values())

    @property
    def unacked(self) -> int:
        """How many have an outcome that the hub has not committed."""
        return len(self._lives) - self.running

    @property
    def full(self) -> bool:
        """Whether no more can be kept."""
        return len(self._lives) >= self._most

    def _hold(self, response: CommandResponse) -> None:
        life = Life(response.id, response.started_at or 0.0)
        life.finish(response)
        self._lives[response.id] = life
