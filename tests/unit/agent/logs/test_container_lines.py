"""Lines of a container's log: taken apart anywhere, and their places however often it is read."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.engine import EngineError
from chatops.agent.logs.container_lines import (
    PART,
    SLACK,
    FrameLines,
    Place,
    Placing,
    Stamped,
    TerminalLines,
    at_end,
)
from chatops.agent.logs.lines import LONGEST

STAMP = b"2026-11-26T02:14:33.000000005Z "
NANO = 1795659273 * 10**9 + 5


def frame(payload: bytes, stream: int = 1, stamp: bytes = STAMP) -> bytes:
    data = stamp + payload
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4) + data


def test_frames_cut_anywhere_are_the_same_lines() -> None:
    data = (
        frame(b"out\n")
        + frame(b"x" * PART)
        + frame(b"err\n", 2, b"2026-11-26T03:14:33.5+01:00 ")
        + frame(b"y\n")
        + frame(b"its last word")
        + frame(b"after a new start\n")
        + frame(b"\n")
    )
    expected = [
        Stamped(0, NANO, b"out", 0),
        Stamped(1, NANO - 5 + 5 * 10**8, b"err", 0),
        Stamped(0, NANO, b"x" * LONGEST, PART + 1 - LONGEST),
        Stamped(0, NANO, b"its last word", 0),
        Stamped(0, NANO, b"after a new start", 0),
        Stamped(0, NANO, b"", 0),
    ]
    for size in (1, 13, 1000, len(data)):
        lines = FrameLines()
        pieces = (data[at : at + size] for at in range(0, len(data), size))
        assert [line for piece in pieces for line in lines.feed(piece)] == expected
        assert lines.finish() == []


def test_a_part_whose_end_never_comes_is_a_line() -> None:
    lines = FrameLines()
    assert lines.feed(frame(b"x" * PART)) == []
    assert lines.finish() == [Stamped(0, NANO, b"x" * LONGEST, PART - LONGEST)]


def test_a_terminal_has_no_frames() -> None:
    lines = TerminalLines()
    assert lines.feed(STAMP + b"one\r\n" + STAMP + b"tw") == [Stamped(0, NANO, b"one", 0)]
    assert lines.finish() == [Stamped(0, NANO, b"tw", 0)]


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK", frame(b"", 3), frame(b"x\n", 1, b"")])
def test_what_is_no_log_is_refused(data: bytes) -> None:
    with pytest.raises(EngineError):
        FrameLines().feed(data)


_moments = st.lists(st.integers(0, 5), min_size=1, max_size=30)


@given(_moments, _moments, st.data())
def test_from_any_place_on_it_is_the_same(
    out: list[int], err: list[int], data: st.DataObject
) -> None:
    """Times rise within a stream; the engine's order of both is any that keeps that."""
    base = 10**18
    left = {0: sorted(out), 1: sorted(err)}
    log = []
    while any(left.values()):
        stream = data.draw(st.sampled_from([one for one in left if left[one]]))
        log.append(Stamped(stream, base + left[stream].pop(0), b"", 0))
    placing = Placing(Place())
    whole = [placing.place for line in log if placing.take(line)]
    assert len(whole) == len(log)
    assert all(one.number < two.number for one, two in itertools.pairwise(whole))
    at = data.draw(st.integers(0, len(whole) - 1))
    again = Placing(whole[at])
    read = [line for line in log if line.nano >= whole[at].since]
    assert [again.place for line in read if again.take(line)] == whole[at + 1 :]
    assert not again.missed


def test_a_place_that_is_gone_is_missed() -> None:
    placing = Placing(Place())
    assert placing.take(Stamped(0, 10**18, b"", 0))
    again = Placing(placing.place)
    assert again.take(Stamped(1, 10**18 + 1, b"", 0))
    assert again.missed
    assert again.place.number == 10**18 + 1


def test_behind_the_end_nothing_is_missed() -> None:
    placing = Placing(at_end(10**9))
    assert placing.place.since == 10**18 - SLACK
    assert not placing.take(Stamped(0, 10**18 - 1, b"", 0))
    assert placing.take(Stamped(0, 10**18 + 1, b"", 0))
    assert not placing.missed
