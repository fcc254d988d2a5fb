"""The states of a command: final ones stay, and only ``lost`` gives way to the truth."""

from __future__ import annotations

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from chatops.protocol.rest import COMMAND_FINAL, CommandStatus
from chatops.server.services.command_states import NEXT, OPEN, before

STATES: list[CommandStatus] = list(get_args(CommandStatus))


def test_every_state_is_in_the_table_and_open_or_final() -> None:
    assert set(NEXT) == set(STATES)
    assert set(STATES) - COMMAND_FINAL == OPEN


def test_final_is_final_but_for_lost() -> None:
    for state in COMMAND_FINAL - {"lost"}:
        assert NEXT[state] == frozenset()
    assert NEXT["lost"] <= COMMAND_FINAL - {"lost", "offline"}


def test_before_is_the_table_read_backwards() -> None:
    for state in STATES:
        assert all(state in NEXT[earlier] for earlier in before(state))
        assert all((state in NEXT[one]) == (one in before(state)) for one in STATES)


@given(st.lists(st.sampled_from(STATES), max_size=30))
def test_whatever_is_asked_a_command_ends_at_most_twice(wishes: list[CommandStatus]) -> None:
    state: CommandStatus = "queued"
    ends: list[CommandStatus] = []
    for wish in wishes:
        if state in before(wish):
            state = wish
            if wish in COMMAND_FINAL:
                ends.append(wish)
    assert len(ends) <= 2
    assert len(ends) < 2 or ends[0] == "lost"
