"""What a journal says, whatever became of its file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent import memory
from chatops.agent.memory import Acked, Closed, Finished, Line, Opened, Started, encode, replay
from chatops.protocol.messages import CommandResponse

IDS = st.sampled_from([f"c{number}" for number in range(6)])
STEPS = st.lists(st.tuples(st.sampled_from(["start", "finish", "ack", "refuse"]), IDS))


def outcome(command_id: str) -> CommandResponse:
    return CommandResponse(id=command_id, state="failed", exit_code=3, stdout_bytes=10)


def lines_of(steps: list[tuple[str, str]]) -> list[Line]:
    """The lines an agent writes that does what makes sense of the steps."""
    lines: list[Line] = [Opened("epoch", "boot")]
    state: dict[str, str] = {}
    for step, one in steps:
        match step, state.get(one):
            case "start", None:
                lines.append(Started(one, 1.5))
            case "finish", "start":
                lines.append(Finished(outcome(one), unsent=4))
            case "refuse", None:
                lines.append(Finished(outcome(one)))
            case "ack", "finish" | "refuse":
                lines.append(Acked(one))
            case _:
                continue
        state[one] = step
    return lines


@given(STEPS, st.data())
def test_any_prefix_tells_all_that_was_written_whole(
    steps: list[tuple[str, str]], data: st.DataObject
) -> None:
    lines = lines_of(steps)
    whole = b"".join(map(encode, lines))
    cut = data.draw(st.integers(0, len(whole)))
    zeros = data.draw(st.sampled_from([b"", b"\0" * 9]))
    found = replay(whole[:cut] + zeros)
    written = lines[: whole[:cut].count(b"\n")]
    assert found.whole == bool(written)
    started = {one.id for one in written if isinstance(one, Started)}
    finished = {one.response.id: one for one in written if isinstance(one, Finished)}
    acked = {one.id for one in written if isinstance(one, Acked)}
    assert set(found.acked) == acked
    assert set(found.held) == (started | set(finished)) - acked
    found.settle()
    for command_id, known in found.held.items():
        assert isinstance(known, Finished)
        if command_id in finished:
            assert known.response.exit_code == 3
            assert known.response.dropped_bytes == finished[command_id].unsent
        else:
            assert (known.response.state, known.response.reason) == ("cancelled", "agent_died")
            assert (known.response.signal, known.response.started_at) == (9, 1.5)


@given(STEPS)
def test_the_shortest_journal_says_the_same(steps: list[tuple[str, str]]) -> None:
    found = replay(b"".join(map(encode, lines_of(steps))))
    again = replay(b"".join(map(encode, found.lines())))
    assert vars(again) == vars(found)


@given(STEPS, st.data())
def test_damage_is_noticed_and_the_rest_is_kept(
    steps: list[tuple[str, str]], data: st.DataObject
) -> None:
    lines = [encode(line) for line in lines_of(steps)]
    place = data.draw(st.integers(0, len(lines) - 1))
    damaged = [*lines[:place], b"\xff\0" + lines[place][2:], *lines[place + 1 :]]
    found = replay(b"".join(damaged))
    assert not found.whole
    for number, line in enumerate(lines_of(steps)):
        if isinstance(line, Started) and number != place:
            assert line.id in found.held | found.acked


@given(st.binary())
def test_any_bytes_can_be_read(data: bytes) -> None:
    assert not replay(data).whole


def test_a_journal_without_its_first_line_is_damaged() -> None:
    assert not replay(encode(Started("c1", 1.0))).whole
    assert not replay(encode(Closed())).whole


def test_closed_holds_until_the_next_change() -> None:
    text = encode(Opened("e", "b")) + encode(Closed())
    assert replay(text).closed
    assert not replay(text + encode(Started("c1", 1.0))).closed


def test_only_so_many_acked_ids_are_remembered() -> None:
    found = memory.Memory("e", "b")
    for number in range(memory.MAX_REMEMBERED + 2):
        found.apply(Finished(outcome(f"c{number}")))
        found.apply(Acked(f"c{number}"))
    assert len(found.acked) == memory.MAX_REMEMBERED
    assert "c1" not in found.acked
    assert "c2" in found.acked


def test_an_ack_of_what_has_no_outcome_changes_nothing() -> None:
    found = memory.Memory("e", "b")
    found.apply(Started("c1", 1.0))
    found.apply(Acked("c1"))
    found.apply(Acked("c2"))
    assert (set(found.held), found.acked) == ({"c1"}, {})
