"""What is read of a segment, of whatever bytes."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.spool_lines import (
    MOST,
    Closed,
    Contents,
    Opened,
    Settled,
    Taken,
    encode,
    runs,
    sample_of,
    span,
)
from chatops.protocol.metrics import Sample


def sample(number: int) -> bytes:
    return encode(Taken(seq=number, ts=1.0, at=2.0, data=Sample(uptime_s=float(number))))


OPENED = encode(Opened(at=1.0, boot="b", before=3))


def test_samples_and_what_is_settled_of_them() -> None:
    data = OPENED + sample(5) + sample(6) + encode(Settled(5, 5)) + sample(7) + encode(Closed())
    contents = Contents(data, 5)
    assert contents.opened == Opened(at=1.0, boot="b", before=3)
    assert (list(contents.samples), contents.end, contents.settled) == ([5, 6, 7], 8, 0b001)
    assert (contents.closed, contents.bad, contents.torn) == (True, 0, 0)
    assert sample_of(contents.samples[6].text) == Sample(uptime_s=6.0)


def test_a_line_without_its_end_was_not_finished() -> None:
    contents = Contents(OPENED + sample(1) + sample(2)[:-1], 1)
    assert (list(contents.samples), contents.end) == ([1], 2)
    assert contents.torn == len(sample(2)) - 1


def test_lines_after_the_last_that_can_be_read_may_be_samples() -> None:
    contents = Contents(OPENED + b"{\n" + sample(2) + b"\0\n[]\n", 1)
    assert (list(contents.samples), contents.end, contents.bad) == ([2], 3, 2)


def test_an_agent_that_went_on_has_not_ended() -> None:
    assert not Contents(OPENED + encode(Closed()) + sample(1), 1).closed


def test_numbers_that_are_none_of_the_segments_are_not_taken() -> None:
    data = sample(4) + sample(5 + MOST) + encode(Settled(1, 9)) + sample(6) + sample(6)
    contents = Contents(data + encode(Settled(5, 5 + MOST)), 5)
    assert (list(contents.samples), contents.end, contents.settled) == ([6], 7, 0)


def test_a_sample_that_is_none_is_found_when_it_is_its_turn() -> None:
    text = b'{"line":"sample","seq":1,"ts":1,"at":1,"data":{"load":"high"}}'
    assert list(Contents(text + b"\n", 1).samples) == [1]
    assert sample_of(text) is None
    assert sample_of(b"[" * 9999) is None


@given(st.binary(max_size=200), st.integers(0, 2**53))
def test_any_bytes_are_read(data: bytes, first: int) -> None:
    contents = Contents(OPENED + data + b"\n" + sample(first), first)
    assert first <= contents.end <= first + MOST
    assert first in contents.samples


@given(st.sets(st.integers(0, 60)))
def test_runs_are_the_spans_of_a_mask(bits: set[int]) -> None:
    mask = sum(1 << bit for bit in bits)
    found = runs(mask)
    assert sum(span(first, last) for first, last in found) == mask
    assert all(low[1] + 1 < high[0] for low, high in pairwise(found))
