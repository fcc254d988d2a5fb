"""The hub's side of commands against a model: losses, repetitions, reorderings, restarts.

The real services on a real database talk to two model agents over a wire that loses what is
under way, while hub and agents are killed and time passes. After every step:

- nothing was started twice, and nothing that is recorded as not run was started at all;
- an outcome never changes, but ``lost`` may become the true one, and is the only one that may;
- what is recorded as an outcome is what became of the command, with its output;
- what the agent was acked is committed;
- who was told an outcome was told the recorded one, and the output as it was written.

In the end nothing is open, whether the agents come back or not.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatops.errors import Conflict
from chatops.protocol.rest import COMMAND_FINAL
from chatops.server.db.models import Command
from chatops.server.services import commands
from chatops.server.services.command_states import NEXT
from chatops.server.services.watching import NAMES, Bytes
from tests.support.hub_world import SERVERS, Reader, World
from tests.support.model_agent import Held, ModelAgent

AGENTS: Final = st.integers(0, len(SERVERS) - 1)
PICK: Final = st.integers(0, 99)
OUTCOMES: Final = st.sampled_from(
    [("succeeded", 0, None), ("failed", 7, None), ("failed", None, 9), ("timed_out", None, 15),
     ("refused", None, None)]
)  # fmt: skip
SIZES: Final = st.sampled_from([1, 10, 500, 3000, 40_000])
TARGETS: Final = st.sampled_from(["web-1", "web-2", "all", "all"])
TIMES: Final = st.sampled_from([1.0, 1.0, 5.0, 29.0, 31.0, 80.0])
THEN: Final = st.sampled_from(["well"] * 6 + ["", "dies"])
MOST: Final = 12
"""Commands of one history."""
_NEVER_RAN: Final = ("offline", "queued")


class Trial(RuleBasedStateMachine):
    """One history of a hub and its agents."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.patch.setattr(commands, "_SHORT", 0.0)
        self.runner = asyncio.Runner()
        self.world = World(self.acked)
        self.do(self.world.open())
        self.rows: dict[str, Command] = {}
        self.acks: list[str] = []
        self.checked: set[tuple[int, str]] = set()

    def do(self, work: Any) -> Any:
        return self.runner.run(work)

    def acked(self, command_id: str) -> None:
        self.acks.append(command_id)

    def agent(self, number: int) -> ModelAgent:
        return self.world.agents[number]

    def held(self, number: int, pick: int, *, over: bool) -> tuple[ModelAgent, Held | None]:
        agent = self.agent(number)
        fitting = [one for one in agent.held.values() if (one.response is not None) == over]
        return agent, fitting[pick % len(fitting)] if fitting else None

    # -- users --------------------------------------------------------------------------------

    @initialize(both=st.booleans())
    def begin(self, both: bool) -> None:
        for number in range(1 + both):
            self.all_goes_well(number)

    @precondition(lambda self: self.world.online and len(self.rows) < MOST)
    @rule(meant=TARGETS, parallel=st.sampled_from([1, 50]), watched=st.booleans(),
          most=st.sampled_from([None, None, "1"]), then=THEN)  # fmt: skip
    def run(self, meant: str, parallel: int, watched: bool, most: str | None, then: str) -> None:
        run = self.do(self.world.create(meant, parallel=parallel, max_failures=most))
        if then == "dies":
            self.hub_dies()
            return
        if watched:
            self.do(self.world.follow(run.id))
        self.do(self.world.begin(run))
        for number in range(len(SERVERS) if then == "well" else 0):
            self.agent_takes(number, 9)

    @precondition(lambda self: self.rows)
    @rule(pick=PICK)
    def attach(self, pick: int) -> None:
        row = list(self.rows.values())[pick % len(self.rows)]
        self.do(self.world.follow(row.id if pick % 2 else row.run_id))

    @precondition(lambda self: self.is_open)
    @rule(pick=PICK)
    def cancel(self, pick: int) -> None:
        row = list(self.rows.values())[pick % len(self.rows)]
        try:
            self.do(self.world.cancel(row.id))
        except Conflict:
            assert row.status in COMMAND_FINAL

    # -- the wire -----------------------------------------------------------------------------

    @rule(number=AGENTS, count=st.integers(1, 9))
    def hub_takes(self, number: int, count: int) -> None:
        link = self.agent(number).link
        for _ in range(count):
            if link is not None and link.hub_has_it and link.to_hub:
                self.do(self.world.take(link))

    @rule(number=AGENTS, count=st.integers(1, 9))
    def agent_takes(self, number: int, count: int) -> None:
        agent = self.agent(number)
        for _ in range(count):
            if agent.link is not None and agent.link.to_agent:
                agent.take()

    @rule(number=AGENTS)
    def all_goes_well(self, number: int) -> None:
        self.connect(number)
        for _ in range(3):
            self.hub_takes(number, 50)
            self.agent_takes(number, 50)

    @rule(number=AGENTS)
    def connect(self, number: int) -> None:
        link = self.agent(number).link
        if link is None or not link.hub_has_it:
            self.agent(number).connect()

    def cut(self, number: int, agent: bool, hub: bool) -> None:
        link = self.agent(number).link
        if agent:
            self.agent(number).leave()
        if hub and link is not None:
            self.do(self.world.notice(link))

    @precondition(lambda self: self.is_open)
    @rule(kind=st.sampled_from(["cut", "agent", "hub", "time"]), number=AGENTS,
          one=st.booleans(), other=st.booleans(), seconds=TIMES)  # fmt: skip
    def trouble(self, kind: str, number: int, one: bool, other: bool, seconds: float) -> None:
        match kind:
            case "cut":
                self.cut(number, agent=one, hub=other)
            case "agent":
                self.agent_dies(number, memory=one, seen=other)
            case "hub":
                self.hub_dies()
            case _:
                self.time_passes(seconds)

    # -- the agents ---------------------------------------------------------------------------

    @precondition(lambda self: self.is_running)
    @rule(number=AGENTS, pick=PICK, stream=st.sampled_from(NAMES), size=SIZES)
    def write(self, number: int, pick: int, stream: str, size: int) -> None:
        agent, one = self.held(number, pick, over=False)
        if one is not None:
            begin = len(agent.written[one.id][stream])
            agent.write(one, stream, bytes((begin + n) % 251 for n in range(size)))

    @precondition(lambda self: self.is_running)
    @rule(number=AGENTS, pick=PICK, outcome=OUTCOMES)
    def finish(self, number: int, pick: int, outcome: Any) -> None:
        agent, one = self.held(number, pick, over=False)
        if one is not None:
            agent.finish(one, *outcome)

    @precondition(lambda self: any(agent.held for agent in self.world.agents))
    @rule(number=AGENTS, pick=PICK, again=st.booleans())
    def tell(self, number: int, pick: int, again: bool) -> None:
        agent, one = self.held(number, pick, over=True)
        if one is not None:
            (agent.repeat if again else agent.lose_patience)(one)

    def agent_dies(self, number: int, memory: bool, seen: bool) -> None:
        link = self.agent(number).link
        self.agent(number).die(memory=memory)
        if seen and link is not None:
            self.do(self.world.notice(link))

    # -- the hub ------------------------------------------------------------------------------

    def hub_dies(self) -> None:
        self.do(self.world.kill_hub())
        self.do(self.world.start_hub())

    def time_passes(self, seconds: float) -> None:
        self.do(self.world.pass_time(seconds))

    @property
    def is_open(self) -> bool:
        """Whether any command is not over, or given up."""
        return any(row.status not in COMMAND_FINAL - {"lost"} for row in self.rows.values())

    @property
    def is_running(self) -> bool:
        """Whether any command runs."""
        return any(agent.running for agent in self.world.agents)

    # -- what always holds --------------------------------------------------------------------

    @invariant()
    def records_are_true(self) -> None:
        before, self.rows = self.rows, self.do(self.world.rows())
        assert before.keys() <= self.rows.keys()
        for command_id, row in self.rows.items():
            if command_id in before:
                check_change(before[command_id], row)
            self.check_truth(row)
        while self.acks:
            row = self.rows[self.acks.pop()]
            assert row.status in COMMAND_FINAL - {"lost"}, f"acked as {row.status}"
        for number, reader in enumerate(self.world.readers):
            self.check_reader(number, reader)

    def check_truth(self, row: Command) -> None:
        starts = [agent.starts[row.id] for agent in self.world.agents]
        assert sum(starts) <= 1, f"sent {starts} times"
        never = row.status in _NEVER_RAN or row.reason == "not_started"
        if never and not sum(starts):
            return
        assert not never, f"{row.status}, {row.reason}, and it was started"
        if row.status in COMMAND_FINAL - {"lost"}:
            truth = self.truth(row)
            assert truth is not None, f"{row.status}, and nobody can know"
            told = (row.status, row.exit_code, row.signal)
            assert told == (truth.state, truth.exit_code, truth.signal)
            for name in NAMES:
                self.check_kept(row, name)

    def truth(self, row: Command) -> Any:
        return next((one.truth[row.id] for one in self.world.agents if row.id in one.truth), None)

    def written(self, command_id: str, stream: str) -> bytes:
        for agent in self.world.agents:
            if command_id in agent.written:
                return agent.written[command_id][stream]
        return b""

    def check_kept(self, row: Command, stream: str) -> None:
        whole, kept = self.written(row.id, stream), 0
        for offset, data in self.do(self.world.output(row.id, stream)):
            assert offset >= kept, "the pieces overlap"
            assert whole[offset : offset + len(data)] == data, f"{stream} from {offset}"
            kept = offset + len(data)
        if not row.truncated and row.reason != "agent_died":
            assert kept == len(whole), f"{stream}: {kept} of {len(whole)} bytes, and no word of it"

    def check_reader(self, number: int, reader: Reader) -> None:
        position: dict[tuple[str, str], int] = {}
        for item in reader.items:
            if isinstance(item, Bytes):
                key = (item.command_id, item.stream)
                assert item.offset >= position.get(key, 0), "told twice"
                whole = self.written(item.command_id, item.stream)
                position[key] = item.offset + len(item.data)
                assert whole[item.offset : position[key]] == item.data
        for result in reader.ended():
            if (id(reader), result.command_id) not in self.checked:
                self.checked.add((id(reader), result.command_id))
                row = self.rows[result.command_id]
                told = (result.status, result.exit_code, result.signal)
                assert told == (row.status, row.exit_code, row.signal)

    # -- in the end -----------------------------------------------------------------------------

    def teardown(self) -> None:
        try:
            self.nobody_comes_back()
            self.everybody_comes_back()
        finally:
            self.do(self.world.close())
            self.runner.close()
            self.patch.undo()

    def nobody_comes_back(self) -> None:
        for number in range(len(SERVERS)):
            self.cut(number, agent=True, hub=True)
        for _ in range(4):
            self.time_passes(80.0)
        self.records_are_true()
        still = {row.status for row in self.rows.values()} - COMMAND_FINAL
        assert not still, f"{still} for ever"
        assert self.do(self.world.all_told()), "somebody waits for ever"

    def everybody_comes_back(self) -> None:
        for number, agent in enumerate(self.world.agents):
            self.all_comes_through(number)
            for one in agent.running:
                agent.finish(one, "failed", 3, None)
            self.all_comes_through(number)
            for one in list(agent.held.values()):
                agent.lose_patience(one)  # the hub has its outcome, and takes no output again
            self.all_comes_through(number)
            self.records_are_true()
            assert not agent.held, "an outcome is never acked"
        assert not self.world.room_taken, "room for output is never given back"
        forgotten = {one for agent in self.world.agents for one in agent.forgotten}
        for row in self.rows.values():
            if row.status == "lost" and row.id not in forgotten:
                assert self.truth(row) is None, "the outcome is known, and not here"

    def all_comes_through(self, number: int) -> None:
        self.connect(number)
        link = self.agent(number).link
        while link is not None and (link.to_hub or link.to_agent):
            self.hub_takes(number, 99)
            self.agent_takes(number, 99)


def check_change(old: Command, new: Command) -> None:
    """That one status may follow the other, by the table or by several of its steps at once."""
    reached, todo = {old.status}, [old.status]
    while todo:
        for following in NEXT[todo.pop()] - reached:
            reached.add(following)
            todo.append(following)
    assert new.status in reached, f"{old.status} became {new.status}"
    if old.status in COMMAND_FINAL and old.status == new.status:
        assert (old.exit_code, old.signal) == (new.exit_code, new.signal)


Trial.TestCase.settings = settings(max_examples=max(settings().max_examples // 4, 1))
TestTrial = Trial.TestCase
