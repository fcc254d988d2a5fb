"""Raw bytes of streams: exact through frames, however the transport cuts them up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import ProtocolError
from chatops.protocol.frames import (
    ALIVE,
    FrameReader,
    StreamFrame,
    decode_frame,
    encode_frame,
    envelope_binary,
    envelope_text,
)

STREAMS = st.integers(min_value=0, max_value=2**32 - 1)
OFFSETS = st.integers(min_value=0, max_value=2**62)
DATA = st.binary(max_size=200)
BINARY = st.builds(StreamFrame, STREAMS, OFFSETS, DATA)
FRAMES = st.lists(DATA | BINARY | st.just(StreamFrame(0, 0, b"")), max_size=12)


def envelope(frame: bytes | StreamFrame) -> bytes:
    return envelope_binary(*frame) if isinstance(frame, StreamFrame) else envelope_text(frame)


def told(frames: list[bytes | StreamFrame]) -> list[bytes | StreamFrame]:
    """Those that a reader gives: not what says only that the hub is there."""
    return [frame for frame in frames if envelope(frame) != ALIVE]


@given(STREAMS, OFFSETS, DATA)
def test_a_frame_is_its_bytes_and_their_place(stream: int, offset: int, data: bytes) -> None:
    frame = encode_frame(stream, offset, data)
    assert len(frame) == 12 + len(data)
    assert frame.endswith(data)
    assert decode_frame(frame) == (stream, offset, data)


def test_the_bytes_of_a_frame_are_pinned() -> None:
    assert encode_frame(1, 2, b"ab") == b"\0\0\0\1" + b"\0\0\0\0\0\0\0\2" + b"ab"
    assert envelope_text(b"{}") == b"\0" + b"\0\0\0\2" + b"{}"
    assert envelope_binary(1, 2, b"ab") == b"\1" + b"\0\0\0\x0e" + encode_frame(1, 2, b"ab")


@given(st.binary(max_size=11))
def test_a_frame_without_a_whole_header_is_refused(frame: bytes) -> None:
    with pytest.raises(ProtocolError, match="no room for its header"):
        decode_frame(frame)


@pytest.mark.parametrize(("offset", "data"), [(2**63, b""), (2**64 - 1, b"x"), (2**63 - 1, b"x")])
def test_an_offset_that_no_column_holds_is_refused(offset: int, data: bytes) -> None:
    with pytest.raises(ProtocolError, match="no stream is so long"):
        decode_frame(encode_frame(1, offset, data))
    assert decode_frame(encode_frame(1, 2**63 - 1, b"")).offset == 2**63 - 1


@given(FRAMES, st.data())
def test_frames_survive_any_cutting(frames: list[bytes | StreamFrame], data: st.DataObject) -> None:
    body = b"".join(map(envelope, frames))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=15)))
    reader = FrameReader()
    got: list[bytes | StreamFrame] = []
    for start, end in pairwise([0, *cuts, len(body)]):
        got += reader.feed(body[start:end])
    assert got == told(frames)
    assert reader.pending == 0


@given(FRAMES)
def test_frames_survive_one_byte_at_a_time(frames: list[bytes | StreamFrame]) -> None:
    body = b"".join(map(envelope, frames))
    reader = FrameReader()
    got = [frame for index in range(len(body)) for frame in reader.feed(body[index : index + 1])]
    assert got == told(frames)


@given(FRAMES.filter(bool), st.data())
def test_a_body_cut_short_shows_as_pending(
    frames: list[bytes | StreamFrame], data: st.DataObject
) -> None:
    last = len(envelope(frames[-1]))
    body = b"".join(map(envelope, frames))
    missing = data.draw(st.integers(1, last))
    reader = FrameReader()
    assert list(reader.feed(body[:-missing])) == told(frames[:-1])
    assert reader.pending == last - missing


@given(st.lists(st.binary(max_size=40)))
def test_garbage_is_refused_or_waits_and_never_grows(portions: list[bytes]) -> None:
    reader = FrameReader(max_frame=64)
    try:
        for portion in portions:
            for frame in reader.feed(portion):
                assert isinstance(frame, bytes | StreamFrame)
            assert reader.pending < 5 + 64
    except ProtocolError as error:
        assert error.code == "protocol"  # noqa: PT017  (both outcomes are right)


def test_what_is_no_frame_is_refused_at_once() -> None:
    with pytest.raises(ProtocolError, match="no frame begins here"):
        list(FrameReader().feed(b"HTTP/1.1 502 Bad Gateway"))


def test_a_frame_over_the_limit_is_refused_by_its_header_alone() -> None:
    header = envelope_text(b"x" * 65)[:5]
    with pytest.raises(ProtocolError):
        list(FrameReader(max_frame=64).feed(header))
    assert list(FrameReader(max_frame=65).feed(header)) == []


def test_what_came_before_the_garbage_is_delivered() -> None:
    reader = FrameReader()
    frames = reader.feed(envelope_text(b"good") + b"\xff" * 5)
    assert next(frames) == b"good"
    with pytest.raises(ProtocolError):
        next(frames)


def test_a_binary_frame_without_room_for_a_header_is_refused() -> None:
    with pytest.raises(ProtocolError, match="no room for its header"):
        list(FrameReader().feed(b"\1\0\0\0\3abc"))
