"""The limit of a command's output."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.output_limit import OutputLimit


@given(st.lists(st.binary()), st.integers(1, 50))
def test_what_is_taken_is_the_beginning_of_what_came(pieces: list[bytes], size: int) -> None:
    limit = OutputLimit(size)
    taken = b"".join(limit.take(piece) for piece in pieces)
    assert taken == b"".join(pieces)[:size]
    assert limit.exceeded == (sum(map(len, pieces)) > size)


@given(st.lists(st.binary()))
def test_without_a_limit_everything_is(pieces: list[bytes]) -> None:
    limit = OutputLimit(None)
    assert [limit.take(piece) for piece in pieces] == pieces
    assert not limit.exceeded
