"""The engine's way of saying what comes from which stream, cut anywhere."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.container_logs import LogFrames, TerminalLog
from chatops.agent.engine import EngineError
from chatops.protocol.messages import StreamName

STAMP = b"2026-01-02T03:04:05.678901234Z "
NAMES: dict[int, StreamName] = {1: "stdout", 2: "stderr"}


def frame(kind: int, data: bytes) -> bytes:
    return bytes((kind, 0, 0, 0)) + len(data).to_bytes(4) + data


def taken(frames: LogFrames, data: bytes, cuts: list[int]) -> dict[StreamName, bytes]:
    found: dict[StreamName, bytes] = {"stdout": b"", "stderr": b""}
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for begin, end in pairwise(places):
        for name, piece in frames.take(data[begin:end]):
            found[name] += piece
    return found


lines = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=50)), max_size=20)


@given(lines, st.lists(st.integers(0, 10**6)))
def test_each_stream_has_its_bytes_however_they_come(
    said: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    data = b"".join(frame(kind, line) for kind, line in said)
    found = taken(LogFrames(timestamps=False), data, cuts)
    for kind, name in NAMES.items():
        assert found[name] == b"".join(line for one, line in said if one == kind)


@given(lines, st.lists(st.integers(0, 10**6)))
def test_times_within_a_line_are_left_out(said: list[tuple[int, bytes]], cuts: list[int]) -> None:
    said = [(kind, line.replace(b"\n", b"") + b"\n" * (len(line) % 2)) for kind, line in said]
    data = b"".join(frame(kind, STAMP + line) for kind, line in said)
    found = taken(LogFrames(timestamps=True), data, cuts)
    for kind, name in NAMES.items():
        wanted = b""
        for line in (line for one, line in said if one == kind):
            wanted += line if wanted and not wanted.endswith(b"\n") else STAMP + line
        assert found[name] == wanted


def test_order_is_kept_and_neighbours_come_together() -> None:
    data = frame(1, b"a\n") + frame(1, b"b\n") + frame(2, b"c\n") + frame(1, b"d\n")
    found = LogFrames(timestamps=False).take(data)
    assert found == [("stdout", b"a\nb\n"), ("stderr", b"c\n"), ("stdout", b"d\n")]


def test_an_engine_that_cannot_read_on_is_no_output() -> None:
    with pytest.raises(EngineError):
        LogFrames(timestamps=False).take(frame(3, b"Error grabbing logs"))


@given(st.lists(st.integers(0, 40_000), max_size=6), st.lists(st.integers(0, 10**6), max_size=8))
def test_times_within_lines_of_a_terminal_are_left_out(lengths: list[int], cuts: list[int]) -> None:
    said, wanted = b"", b""
    for length in lengths:
        line = b"y" * length + b"\r\n"
        wanted += STAMP + line
        parts = [line[at : at + 16384] for at in range(0, len(line), 16384)]
        said += b"".join(STAMP + part for part in parts)
    log = TerminalLog(timestamps=True)
    places = sorted({0, len(said), *(cut % (len(said) + 1) for cut in cuts)})
    pieces = [piece for a, b in pairwise(places) for _, piece in log.take(said[a:b])]
    assert b"".join(pieces) == wanted
