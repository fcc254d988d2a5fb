"""Which stream is which input: numbers that are open, over, void and unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from chatops.agent.inputs import Inputs
from chatops.agent.stdin import StandardInput
from chatops.errors import ProtocolError
from chatops.protocol.frames import StreamFrame
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamClose, StreamCredit

Told = list[StreamCredit | StreamClose]


@pytest.fixture
async def made() -> AsyncIterator[tuple[StandardInput, Told]]:
    told: Told = []
    stdin = StandardInput(told.append, lambda: None)
    yield stdin, told
    stdin.close()


async def test_a_number_that_nobody_opened_is_an_error() -> None:
    with pytest.raises(ProtocolError):
        Inputs().take(StreamFrame(3, 0, b"x"))
    assert not Inputs().shut(StreamClose(stream=3))


async def test_a_new_stream_makes_the_old_one_void(made: tuple[StandardInput, Told]) -> None:
    stdin, told = made
    inputs = Inputs()
    inputs.open(3, stdin)
    inputs.take(StreamFrame(3, 0, b"12345"))
    inputs.open(4, stdin)
    inputs.take(StreamFrame(3, 5, b"lost on the way"))
    assert inputs.shut(StreamClose(stream=3, offset=20))
    assert told == [
        StreamCredit(stream=3, credit=STREAM_CREDIT, offset=0),
        StreamCredit(stream=4, credit=STREAM_CREDIT - 5, offset=5),
    ]
    assert inputs.shut(StreamClose(stream=4, offset=5))


async def test_what_comes_after_the_end_is_discarded_and_a_new_session_knows_nothing(
    made: tuple[StandardInput, Told],
) -> None:
    stdin, _told = made
    inputs = Inputs()
    inputs.open(3, stdin)
    inputs.forget(stdin)
    inputs.take(StreamFrame(3, 0, b"late"))
    inputs.disconnected()
    with pytest.raises(ProtocolError):
        inputs.take(StreamFrame(3, 0, b"late"))
