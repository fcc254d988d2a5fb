"""Standard input on its way, against a model of the agent and of links that are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatops.client.feeding import Feed
from chatops.errors import ProtocolError
from chatops.protocol.limits import MAX_STREAM_DATA, STREAM_CREDIT


class Feeding(RuleBasedStateMachine):
    """The receiver holds at most STREAM_CREDIT bytes that the command has not taken."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = Feed()
        self.source = b""
        self.read = 0
        self.received = b""
        self.taken = 0
        self.credit = 0
        self.linked = False
        self.length: int | None = None

    @initialize(size=st.integers(0, 3 * STREAM_CREDIT))
    def begin(self, size: int) -> None:
        self.source = bytes(number % 251 for number in range(size))

    @precondition(lambda self: not self.linked)
    @rule()
    def link(self) -> None:
        self.linked = True
        self.credit = STREAM_CREDIT - (len(self.received) - self.taken)
        self.feed.granted(self.credit, len(self.received))

    @precondition(lambda self: self.linked)
    @rule()
    def cut(self) -> None:
        self.linked = False
        self.feed.lost()

    @rule(part=st.integers(1, MAX_STREAM_DATA))
    def come(self, part: int) -> None:
        room = self.feed.room
        assert room <= MAX_STREAM_DATA
        if room:
            data = self.source[self.read : self.read + min(room, part)]
            self.read += len(data)
            self.feed.add(data)

    @rule(arrives=st.booleans())
    def send(self, arrives: bool) -> None:
        piece = self.feed.take()
        if piece is None:
            return
        assert self.linked
        offset, data = piece
        if not arrives:
            self.cut()
        elif data:
            assert offset == len(self.received)
            self.received += data
            self.credit -= len(data)
            assert self.credit >= 0
        else:
            self.length = offset

    @precondition(lambda self: self.linked)
    @rule(part=st.integers(1, STREAM_CREDIT))
    def consume(self, part: int) -> None:
        part = min(part, len(self.received) - self.taken)
        self.taken += part
        self.credit += part
        self.feed.granted(part, 0)

    @invariant()
    def right(self) -> None:
        assert self.source.startswith(self.received)
        assert self.length in (None, len(self.source))
        assert len(self.feed._data) <= STREAM_CREDIT


TestFeeding = Feeding.TestCase


def test_nothing_is_read_or_sent_before_there_is_credit() -> None:
    feed = Feed()
    assert (feed.room, feed.take()) == (0, None)
    feed.granted(10, 0)
    assert feed.room == 10
    feed.add(b"abc")
    assert feed.take() == (0, b"abc")
    assert (feed.room, feed.take()) == (7, None)
    feed.add(b"")
    assert feed.room == 0
    assert feed.take() == (3, b"")
    assert feed.take() is None


def test_what_was_cut_is_sent_again_with_its_end() -> None:
    feed = Feed()
    feed.granted(10, 0)
    feed.add(b"abcdef")
    feed.add(b"")
    assert [feed.take(), feed.take()] == [(0, b"abcdef"), (6, b"")]
    feed.lost()
    assert feed.take() is None
    feed.granted(8, 2)
    assert [feed.take(), feed.take()] == [(2, b"cdef"), (6, b"")]


@given(st.integers(0, 9), st.integers(1, 4))
def test_a_repeated_input_skips_what_is_there_already(ahead: int, part: int) -> None:
    feed = Feed()
    feed.granted(100, ahead)
    data, sent = b"0123456789", b""
    while feed.room and (piece := data[: min(part, feed.room)]):
        data = data[len(piece) :]
        feed.add(piece)
    feed.add(b"")
    while taken := feed.take():
        offset, more = taken
        assert offset == ahead + len(sent)
        sent += more
    assert sent == b"0123456789"[ahead:]


def test_what_is_gone_cannot_be_sent_again() -> None:
    feed = Feed()
    feed.granted(STREAM_CREDIT, 0)
    feed.add(b"x" * 100)
    feed.take()
    feed.granted(100, 0)
    feed.lost()
    with pytest.raises(ProtocolError, match="is gone"):
        feed.granted(10, 50)


def test_a_command_that_takes_no_more_ends_the_reading() -> None:
    feed = Feed()
    feed.granted(10, 0)
    feed.add(b"abc")
    feed.closed = True
    assert (feed.room, feed.take()) == (0, None)
