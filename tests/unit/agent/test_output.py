"""Output in bounded memory and spill, and what a hub sees of it, against a model."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.output import OutputBuffer, OutputStream
from chatops.agent.spill import BLOCK, Spill, SpillFile
from chatops.protocol import codec
from chatops.protocol.frames import decode_frame
from chatops.protocol.limits import MAX_STREAM_DATA, MiB
from chatops.protocol.messages import StreamClose, StreamCredit, StreamOpen

PIECES = st.lists(st.binary(min_size=1, max_size=40), max_size=30)


@contextmanager
def spilling(per_command: int = 32, total: int = 10**6, block: int = 8) -> Iterator[SpillFile]:
    with tempfile.TemporaryDirectory() as folder:
        file = Spill(Path(folder), per_command, total, block).open()
        try:
            yield file
        finally:
            file.close()


@contextmanager
def small(**bounds: int) -> Iterator[OutputBuffer]:
    with spilling(**bounds) as file:
        yield OutputBuffer(file, head=16)


@pytest.fixture
def buffer() -> Iterator[OutputBuffer]:
    with spilling(MiB, MiB, BLOCK) as file:
        yield OutputBuffer(file)


def opened(stream: OutputStream, credit: int = 10**6, offset: int = 0) -> OutputStream:
    stream.open(StreamOpen(stream=7, command_id="c", name="stdout", credit=credit, offset=offset))
    return stream


def kept(buffer: OutputBuffer) -> dict[int, int]:
    """All bytes that can be read, by their offsets."""
    found: dict[int, int] = {}
    offset = 0
    while offset < buffer.end:
        begin, data = buffer.read(offset, 5)
        assert begin >= offset
        assert data
        found.update(enumerate(data, begin))
        offset = begin + len(data)
    return found


@given(PIECES, st.sampled_from([0, 8, 16, 24, 32, 64, 200]), st.sampled_from([0, 16, 10**6]))
def test_what_is_kept_is_true_and_both_ends_are(
    pieces: list[bytes], per_command: int, total: int
) -> None:
    whole = b"".join(pieces)
    with small(per_command=per_command, total=total) as buffer:
        for piece in pieces:
            buffer.append(piece)
        assert buffer.end == len(whole)
        known = kept(buffer)
        assert all(whole[index] == byte for index, byte in known.items())
        assert known.keys() >= set(range(min(8, len(whole))))
        assert known.keys() >= set(range(max(len(whole) - 16, 0), len(whole)))
        assert buffer.dropped == len(whole) - len(known)
        assert buffer.unread == 0
        if len(whole) <= min(per_command // 2, total):
            assert buffer.dropped == 0


@given(PIECES)
def test_unread_and_dropped_are_all_that_was_never_read(pieces: list[bytes]) -> None:
    with small() as buffer:
        read = 0
        for number, piece in enumerate(pieces):
            buffer.append(piece)
            if number % 3 == 0:
                offset, data = buffer.read(read, 10**6)
                read = max(read, offset + len(data))
        gone = buffer.dropped
        assert gone + buffer.unread <= buffer.end
        missing = buffer.end - read
        assert buffer.unread <= missing
        kept(buffer)
        assert (buffer.dropped, buffer.unread) == (gone, 0)


@given(PIECES)
def test_what_was_read_in_time_is_not_counted_as_dropped(pieces: list[bytes]) -> None:
    with small() as buffer:
        offset = 0
        for piece in pieces:
            buffer.append(piece)
            while offset < buffer.end:
                begin, data = buffer.read(offset, 100)
                assert begin == offset or len(piece) > 16
                offset = begin + len(data)
        assert buffer.dropped <= sum(len(piece) for piece in pieces if len(piece) > 16)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 30))), st.sampled_from([0, 32, 64]))
def test_a_producer_that_heeds_the_brake_loses_nothing(
    steps: list[tuple[int, int]], per_command: int
) -> None:
    with small(per_command=per_command) as buffer:
        stream = opened(OutputStream("stdout", buffer), credit=0)
        stream.give(StreamCredit(stream=7, credit=0, watched=True))
        got = written = 0
        for size, credit in [*steps, *[(1, 30)] * 100]:
            if not stream.is_full:
                buffer.append(bytes(size))
                written += size
            stream.give(StreamCredit(stream=7, credit=credit, watched=True))
            while isinstance(frame := stream.next_frame(), bytes):
                got += len(decode_frame(frame).data)
        assert buffer.dropped == 0
        assert got == written == buffer.end


def test_memory_is_bounded_whatever_the_pieces(buffer: OutputBuffer) -> None:
    for _ in range(300):
        buffer.append(b"x" * 60_001)
    buffer.append(b"y")
    assert sum(map(len, buffer._blocks.values())) <= 4 * BLOCK
    kept_bytes = buffer.end - buffer.dropped
    assert MiB // 2 + 3 * BLOCK <= kept_bytes <= MiB // 2 + 4 * BLOCK


def test_little_output_makes_no_file(buffer: OutputBuffer) -> None:
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  (there is no Path of it)
    buffer.append(b"x" * 3 * BLOCK)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208
    buffer.append(b"x" * 2 * BLOCK)
    assert len(os.listdir("/proc/self/fd")) == before + 1  # noqa: PTH208


def test_a_disk_without_room_is_a_bound_that_was_reached(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with small(per_command=160) as buffer:
        buffer.append(bytes(range(64)))
        assert buffer.dropped == 0
        monkeypatch.setattr(os, "pwrite", lambda *_: 3)
        buffer.append(bytes(range(64, 128)))
        known = kept(buffer)
        assert all(index == byte for index, byte in known.items())
        assert buffer.dropped == 128 - len(known) > 0
        assert buffer.spare(buffer.end) < 10
        assert known.keys() >= {0, 7, 127}


def test_what_the_disk_does_not_give_back_is_dropped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    with small(per_command=160) as buffer:
        buffer.append(bytes(range(64)))
        monkeypatch.setattr(os, "pread", broken)
        assert buffer.read(9, 100) == (40, bytes(range(40, 48)))
        assert buffer.dropped > 0
        assert "cannot be read" in caplog.text


def test_offsets_beyond_the_end_give_nothing(buffer: OutputBuffer) -> None:
    buffer.append(b"abc")
    assert buffer.read(3, 10) == (3, b"")
    assert buffer.read(99, 10) == (3, b"")
    assert buffer.read(1, 0) == (1, b"")


@given(PIECES, st.lists(st.integers(1, 50), max_size=40), st.integers(0, 60))
def test_frames_follow_credit_and_join_to_the_stream(
    pieces: list[bytes], grants: list[int], first: int
) -> None:
    with small(per_command=10**5) as buffer:
        stream = opened(OutputStream("stdout", buffer), credit=first)
        for piece in pieces:
            buffer.append(piece)
        stream.ended = True
        got, allowed = b"", first
        for credit in [0, *grants, 10**6]:
            stream.give(StreamCredit(stream=7, credit=credit))
            allowed += credit
            while (frame := stream.next_frame()) is not None and isinstance(frame, bytes):
                number, offset, data = decode_frame(frame)
                assert (number, offset) == (7, len(got))
                got += data
                assert len(got) <= allowed
        assert got == b"".join(pieces)
        assert not stream.is_open


def test_the_close_comes_once_after_the_last_byte_with_offset_and_losses() -> None:
    with small() as buffer:
        stream = opened(OutputStream("stdout", buffer))
        stream.buffer.append(b"x" * 100)
        frames = []
        while isinstance(frame := stream.next_frame(), bytes):
            frames.append(decode_frame(frame))
        assert stream.is_open
        stream.ended = True
        close = codec.from_agent().decode(stream.next_frame() or "")
        sent = sum(len(frame.data) for frame in frames)
        assert close == StreamClose(stream=7, offset=100, dropped=100 - sent)
        assert stream.buffer.dropped == 100 - sent
        assert stream.next_frame() is None


def test_a_frame_holds_no_more_than_the_limit(buffer: OutputBuffer) -> None:
    stream = opened(OutputStream("stdout", buffer))
    stream.buffer.append(b"x" * 200_000)
    frame = stream.next_frame()
    assert isinstance(frame, bytes)
    assert len(decode_frame(frame).data) == MAX_STREAM_DATA


def test_only_a_watched_stream_makes_its_producer_wait(buffer: OutputBuffer) -> None:
    stream = opened(OutputStream("stdout", buffer), credit=0)
    while buffer.spare(0) >= 2:
        assert not stream.is_full
        buffer.append(b"x" * BLOCK)
    assert not stream.is_full
    stream.give(StreamCredit(stream=7, credit=0, watched=True))
    assert stream.is_full
    stream.give(StreamCredit(stream=7, credit=10**6, watched=True))
    while stream.is_full:
        assert stream.next_frame() is not None
    assert buffer.dropped == 0
    stream.shut()
    assert not stream.is_full


def test_opened_again_it_goes_on_from_where_it_was_cut(buffer: OutputBuffer) -> None:
    stream = opened(OutputStream("stdout", buffer))
    stream.buffer.append(b"hello world")
    stream.next_frame()
    stream.shut()
    opened(stream, offset=6)
    frame = stream.next_frame()
    assert isinstance(frame, bytes)
    assert decode_frame(frame) == (7, 6, b"world")
