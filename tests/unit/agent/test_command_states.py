"""A command's life on the agent, against a model with losses, doubles, disorder and deaths."""

from __future__ import annotations

import itertools
from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.agent.command_states import NEXT, Commands, Event, Life, State
from chatops.agent.memory import Acked, Finished, Line, Opened, Started, encode, replay
from chatops.protocol.messages import CommandResponse

IDS = [f"c{number}" for number in range(4)]
OUTCOMES = ("succeeded", "failed", "timed_out", "cancelled")


class Lines:
    """A journal in memory: the lines that the kernel has, and what they say."""

    def __init__(self, data: bytes = b"") -> None:
        self.data = data or encode(Opened("epoch", "boot"))
        self.memory = replay(self.data)
        assert self.memory.whole
        self.memory.settle()
        self.fails = False

    def outcomes(self) -> dict[str, CommandResponse]:
        held = self.memory.held.items()
        return {key: one.response for key, one in held if isinstance(one, Finished)}

    def acked(self, command_id: str) -> CommandResponse | None:
        known = self.memory.acked.get(command_id)
        return known.response if known else None

    def start(self, command_id: str, at: float) -> None:
        if self.fails:
            raise OSError(28, "no room")
        self._add(Started(command_id, at))

    def finish(self, response: CommandResponse, unsent: int = 0) -> None:
        self._add(Finished(response, unsent))

    def ack(self, command_id: str) -> None:
        self._add(Acked(command_id))

    def _add(self, line: Line) -> None:
        self.data += encode(line)
        self.memory.apply(line)


@settings(stateful_step_count=60)
class HubAndAgent(RuleBasedStateMachine):
    """A hub, an agent that dies now and then, and a link that loses, doubles and disorders.

    ``ran`` counts starts, ``committed`` is what the hub believes, ``sent`` what is under way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.journal = Lines()
        self.commands = Commands(self.journal, 100)
        self.lives: dict[str, Life] = {}
        self.ran: Counter[str] = Counter()
        self.refused: set[str] = set()
        self.committed: dict[str, CommandResponse] = {}
        self.sent: list[tuple[str, str]] = []
        self.clock = itertools.count(1)

    # -- the hub and the link ------------------------------------------------------------------

    @rule(kind=st.sampled_from(("command", "cancel", "ack")), key=st.sampled_from(IDS))
    def hub_sends(self, kind: str, key: str) -> None:
        if kind != "ack" or key in self.committed:  # it acks what it has committed
            self.sent.append((kind, key))

    @rule(key=st.sampled_from(IDS))
    def an_ack_too_early(self, key: str) -> None:
        if self.commands.outcome(key) is None:
            assert not self.commands.ack(key)

    @precondition(lambda self: self.sent)
    @rule(data=st.data(), what=st.sampled_from(("deliver", "double", "lose")))
    def link(self, data: st.DataObject, what: str) -> None:
        place = data.draw(st.integers(0, len(self.sent) - 1))
        kind, key = self.sent[place] if what == "double" else self.sent.pop(place)
        if what != "lose":
            {"command": self.on_command, "cancel": self.on_cancel, "ack": self.on_ack}[kind](key)

    @rule()
    def connect(self) -> None:
        for one in self.commands.held():
            self.hear(self.commands.told(one.id))

    # -- the agent, as its executor does it --------------------------------------------------------

    def on_command(self, key: str) -> None:
        known = self.commands.told(key)
        if known is not None:
            self.hear(known)
            return
        assert key not in self.committed
        assert not self.ran[key]
        try:
            self.lives[key] = self.commands.begin(key, float(next(self.clock)))
        except OSError:
            refusal = CommandResponse(id=key, state="refused", reason="journal")
            self.refused.add(key)
            self.commands.refuse(refusal)
            self.hear(refusal)
        else:
            self.ran[key] += 1

    def on_cancel(self, key: str) -> None:
        known = self.commands.told(key)
        if known is not None and known.state == "running":
            self.lives[key].end("cancelled")
        elif known is not None:
            self.hear(known)

    def on_ack(self, key: str) -> None:
        if self.commands.ack(key):
            assert key in self.committed
            self.lives.pop(key, None)

    def hear(self, response: CommandResponse | None) -> None:
        assert response is not None
        if response.state != "running":
            assert self.committed.setdefault(response.id, response) == response

    @precondition(lambda self: self.lives)
    @rule(data=st.data(), end=st.sampled_from(OUTCOMES))
    def command_ends(self, data: st.DataObject, end: str) -> None:
        life = self.draw(data)
        life.end("exited")
        response = CommandResponse(id=life.id, state=end, exit_code=next(self.clock))  # type: ignore[arg-type]
        had = life.response
        life.finish(response)
        assert life.response == (had or response)
        if had is None:
            self.commands.settle(life, 0)
            self.hear(response)

    @precondition(lambda self: self.lives)
    @rule(data=st.data())
    def command_starts(self, data: st.DataObject) -> None:
        self.draw(data).started()

    @rule()
    def agent_stops(self) -> None:
        for life in self.lives.values():
            life.end("agent_stopping")
            assert life.why is not None or life.response is not None

    @rule(torn=st.booleans(), data=st.data())
    def agent_dies(self, torn: bool, data: st.DataObject) -> None:
        if torn and self.lives and data.draw(st.booleans()):
            self.draw(data).finish(CommandResponse(id="never told", state="failed"))
        tail = encode(Started("c9", 1.0))[: data.draw(st.integers(1, 8))] if torn else b""
        self.journal = Lines(self.journal.data + tail)
        self.journal = Lines(b"".join(encode(one) for one in self.journal.memory.lines()))
        self.commands = Commands(self.journal, 100)
        self.lives.clear()
        assert self.commands.running == 0

    @rule()
    def the_disk_fills_or_has_room_again(self) -> None:
        self.journal.fails = not self.journal.fails

    def draw(self, data: st.DataObject) -> Life:
        return self.lives[data.draw(st.sampled_from(sorted(self.lives)))]

    # -- what must hold ----------------------------------------------------------------------------

    @invariant()
    def nothing_runs_twice(self) -> None:
        assert all(count == 1 for count in self.ran.values())
        assert not self.refused & self.ran.keys()

    @invariant()
    def what_was_taken_is_known_and_an_outcome_is_held_until_the_hub_has_it(self) -> None:
        held = {one.id: one.state for one in self.commands.held()}
        for key in self.ran.keys() | self.refused:
            known = self.commands.told(key)
            assert known is not None
            assert known.state == "running" or known == self.committed.get(key, known)
            assert key in held or key in self.committed
            assert held.get(key) != "running" or key in self.lives

    def teardown(self) -> None:
        for life in self.lives.values():
            life.finish(CommandResponse(id=life.id, state="succeeded"))
            self.commands.settle(life, 0)
        self.connect()
        assert self.committed.keys() == self.ran.keys() | self.refused


TestHubAndAgent = HubAndAgent.TestCase


def test_an_outcome_is_final_and_only_an_ack_ends_it() -> None:
    after = {event: NEXT.get((State.HELD, event)) for event in Event}
    assert after == {**dict.fromkeys(Event), Event.ACK: State.ACKED}
    assert not any(state is State.ACKED for state, _event in NEXT)


def test_every_state_leads_to_the_ack() -> None:
    for start in State:
        seen, todo = {start}, [start]
        while todo:
            here = todo.pop()
            new = {after for (state, _), after in NEXT.items() if state is here} - seen
            seen |= new
            todo.extend(new)
        assert State.ACKED in seen


@pytest.mark.parametrize("started", [True, False])
def test_the_first_end_counts(started: bool) -> None:
    life = Life("c", 5.0)
    if started:
        life.started()
    assert life.end("timeout")
    assert not life.end("cancelled")
    life.started()
    assert (life.state, life.why) == (State.ENDING, "timeout")
    assert life.told() == CommandResponse(id="c", state="running", started_at=5.0)
