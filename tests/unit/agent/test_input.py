"""Standard input between hub and command: any chop, cuts, bytes that are sent again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.agent.input import InputStream
from chatops.errors import ProtocolError
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamClose, StreamCredit


def opened(stream: InputStream, number: int = 7) -> StreamCredit:
    answer = stream.open(number)
    assert isinstance(answer, StreamCredit)
    return answer


def test_an_open_is_answered_by_room_and_place() -> None:
    stream = InputStream()
    assert opened(stream) == StreamCredit(stream=7, credit=STREAM_CREDIT, offset=0)
    stream.take(0, b"x" * 100)
    stream.detach()
    assert stream.is_cut
    assert opened(stream, 8) == StreamCredit(stream=8, credit=STREAM_CREDIT - 100, offset=100)
    assert not stream.is_cut


def test_credit_follows_what_the_command_takes_in_large_pieces() -> None:
    stream = InputStream(window=100)
    opened(stream)
    stream.take(0, b"x" * 100)
    assert stream.wrote(24) is None
    assert stream.wrote(1) == StreamCredit(stream=7, credit=25)
    assert stream.wrote(75) == StreamCredit(stream=7, credit=75)


def test_a_gap_and_bytes_without_credit_are_errors_and_change_nothing() -> None:
    stream = InputStream(window=10)
    opened(stream)
    stream.take(0, b"12345")
    for offset, data in ((6, b"x"), (5, b"123456"), (0, b"12345678901")):
        with pytest.raises(ProtocolError):
            stream.take(offset, data)
    assert stream.peek(100) == b"12345"
    stream.take(5, b"67890")
    assert stream.peek(100) == b"1234567890"


def test_an_end_that_is_not_where_the_bytes_end_leaves_it_cut() -> None:
    stream = InputStream()
    opened(stream)
    stream.take(0, b"12345")
    with pytest.raises(ProtocolError):
        stream.finish(9)
    assert stream.is_cut
    assert not stream.is_done


def test_an_input_that_ended_takes_its_end_again_and_no_byte_more() -> None:
    stream = InputStream()
    opened(stream)
    stream.take(0, b"12345")
    stream.finish(5)
    assert not stream.is_cut
    assert not stream.is_done
    assert opened(stream, 8) == StreamCredit(stream=8, credit=0, offset=5)
    stream.take(0, b"12345")
    with pytest.raises(ProtocolError):
        stream.take(5, b"6")
    stream.finish(5)
    assert stream.wrote(5) is None
    assert stream.is_done


def test_a_command_that_takes_no_more_is_told_once_a_stream() -> None:
    stream = InputStream()
    opened(stream)
    stream.take(0, b"12345")
    assert stream.refuse() == StreamClose(stream=7, reason="closed")
    assert stream.refuse() is None
    stream.take(5, b"678")
    stream.take(5_000_000, b"678")
    stream.finish(99)
    assert stream.is_done
    assert not stream.is_cut
    assert stream.peek(9) == b""
    assert stream.open(8) == StreamClose(stream=8, reason="closed")


@given(
    data=st.binary(max_size=300),
    steps=st.lists(
        st.tuples(st.sampled_from(("send", "again", "write", "cut")), st.integers(0, 60)),
        max_size=80,
    ),
    window=st.integers(1, 50),
)
def test_no_byte_is_lost_or_doubled_however_it_is_chopped_cut_and_sent_again(
    data: bytes, steps: list[tuple[str, int]], window: int
) -> None:
    stream, out, number = InputStream(window), bytearray(), 1
    position, allowed = place(opened(stream, number))

    def write(count: int) -> None:
        nonlocal allowed
        part = stream.peek(count)
        out.extend(part)
        credit = stream.wrote(len(part))
        if credit is not None:
            assert credit.stream == number
            allowed += credit.credit

    def send(count: int) -> None:
        nonlocal position
        part = data[position : min(position + count, allowed)]
        stream.take(position, part)
        position += len(part)

    for what, count in steps:
        if what == "send":
            send(count)
        elif what == "again":  # a hub that does not trust what it was told
            begin = max(position - count, 0)
            stream.take(begin, data[begin:position])
        elif what == "write":
            write(count)
        else:
            stream.detach()
            number += 1
            position, allowed = place(opened(stream, number))
        assert stream.taken - len(out) <= window
    while len(out) < len(data):  # the credit never dries up
        before = (position, len(out))
        send(60)
        write(60)
        assert (position, len(out)) != before
    stream.finish(len(data))
    assert out == data
    assert stream.is_done


def place(credit: StreamCredit) -> tuple[int, int]:
    return credit.offset, credit.offset + credit.credit
