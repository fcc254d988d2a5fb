"""Output in bounded memory, and what a hub sees of it, against a model."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.output import OutputBuffer, OutputStream
from chatops.protocol import codec
from chatops.protocol.frames import decode_frame
from chatops.protocol.limits import KEPT_HEAD, KEPT_TAIL, MAX_STREAM_DATA, STREAM_CREDIT
from chatops.protocol.messages import StreamClose, StreamCredit, StreamOpen

PIECES = st.lists(st.binary(min_size=1, max_size=40), max_size=30)


def small() -> OutputBuffer:
    return OutputBuffer(head=16, tail=16, block=8)


def opened(stream: OutputStream, credit: int = 10**6, offset: int = 0) -> OutputStream:
    stream.open(StreamOpen(stream=7, command_id="c", name="stdout", credit=credit, offset=offset))
    return stream


@given(PIECES)
def test_what_is_kept_is_true_and_head_and_tail_are(pieces: list[bytes]) -> None:
    buffer, whole = small(), b"".join(pieces)
    for piece in pieces:
        buffer.append(piece)
    assert buffer.end == len(whole)
    seen, offset = bytearray(len(whole)), 0
    known: set[int] = set()
    while offset < buffer.end:
        begin, data = buffer.read(offset, 5)
        assert begin >= offset
        assert data
        seen[begin : begin + len(data)] = data
        known.update(range(begin, begin + len(data)))
        offset = begin + len(data)
    assert all(seen[index] == whole[index] for index in known)
    assert known >= set(range(min(16, len(whole))))
    assert known >= set(range(max(len(whole) - 16, 0), len(whole)))
    assert buffer.dropped == len(whole) - len(known)
    assert len(known) <= 16 + 16 + 2 * 8


@given(PIECES)
def test_what_was_read_in_time_is_not_counted_as_dropped(pieces: list[bytes]) -> None:
    buffer, offset = small(), 0
    for piece in pieces:
        buffer.append(piece)
        while offset < buffer.end:
            begin, data = buffer.read(offset, 100)
            assert begin == offset or len(piece) > 16
            offset = begin + len(data)
    assert buffer.dropped <= sum(len(piece) for piece in pieces if len(piece) > 16)


def test_memory_is_bounded_whatever_the_pieces() -> None:
    buffer = OutputBuffer()
    for _ in range(300):
        buffer.append(b"x" * 60_001)
    buffer.append(b"y")
    kept = buffer.end - buffer.dropped
    assert KEPT_HEAD + KEPT_TAIL <= kept <= KEPT_HEAD + KEPT_TAIL + 2 * 65536


def test_offsets_beyond_the_end_give_nothing() -> None:
    buffer = small()
    buffer.append(b"abc")
    assert buffer.read(3, 10) == (3, b"")
    assert buffer.read(99, 10) == (3, b"")
    assert buffer.read(1, 0) == (1, b"")


@given(PIECES, st.lists(st.integers(1, 50), max_size=40), st.integers(0, 60))
def test_frames_follow_credit_and_join_to_the_stream(
    pieces: list[bytes], grants: list[int], first: int
) -> None:
    stream = opened(OutputStream("stdout"), credit=first)
    for piece in pieces:
        stream.buffer.append(piece)
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
    stream = opened(OutputStream("stdout", small()))
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


def test_a_frame_holds_no_more_than_the_limit() -> None:
    stream = opened(OutputStream("stdout"))
    stream.buffer.append(b"x" * 200_000)
    frame = stream.next_frame()
    assert isinstance(frame, bytes)
    assert len(decode_frame(frame).data) == MAX_STREAM_DATA


def test_only_a_watched_stream_makes_its_producer_wait() -> None:
    stream = opened(OutputStream("stdout"), credit=0)
    stream.buffer.append(b"x" * STREAM_CREDIT)
    assert not stream.is_full
    stream.give(StreamCredit(stream=7, credit=0, watched=True))
    assert stream.is_full
    stream.give(StreamCredit(stream=7, credit=1, watched=True))
    stream.next_frame()
    assert not stream.is_full
    stream.buffer.append(b"x")
    assert stream.is_full
    stream.shut()
    assert not stream.is_full


def test_opened_again_it_goes_on_from_where_it_was_cut() -> None:
    stream = opened(OutputStream("stdout"))
    stream.buffer.append(b"hello world")
    stream.next_frame()
    stream.shut()
    opened(stream, offset=6)
    frame = stream.next_frame()
    assert isinstance(frame, bytes)
    assert decode_frame(frame) == (7, 6, b"world")
