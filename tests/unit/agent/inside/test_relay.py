"""What the engine sends is taken apart however it is cut."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.inside.relay import Frames

SENT = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)), max_size=8)


def wire(sent: list[tuple[int, bytes]]) -> bytes:
    heads = ((bytes([stream, 0, 0, 0]) + len(data).to_bytes(4), data) for stream, data in sent)
    return b"".join(head + data for head, data in heads)


@given(SENT, st.lists(st.integers(0, 2600), max_size=12))
def test_frames_are_read_whatever_the_pieces(
    sent: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    whole, frames, got = wire(sent), Frames(), {1: b"", 2: b""}
    places = [0, *sorted(cuts), len(whole)]
    for begin, end in pairwise(places):
        for stream, data in frames.feed(whole[begin:end]):
            got[stream] += data
    assert got == {
        number: b"".join(data for stream, data in sent if stream == number) for number in (1, 2)
    }
