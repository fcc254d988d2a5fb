"""Feeds of the hub: credit for what was taken, order, and every way in which one ends."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from chatops.errors import Conflict, NotFound, Offline, ProtocolError
from chatops.protocol.closing import CloseReason
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamClose
from chatops.protocol.session.heartbeat import Heartbeat
from chatops.server.services import feeds as module
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.agent_requests import ENGINE
from chatops.server.services.feeds import Feed, Piece
from chatops.tasks import Tasks


class Wire:
    """A connection that remembers what was posted."""

    address = ""

    def __init__(self) -> None:
        self.posted: list[Any] = []

    def post(self, frame: str | bytes) -> bool:
        self.posted.append(msgspec.json.decode(frame))
        return True

    def close(self, reason: CloseReason, message: str | None = None) -> None:
        raise AssertionError((reason, message))

    def of(self, kind: str) -> list[Any]:
        return [one for one in self.posted if one["type"] == kind]


class Agent:
    """A feed, and the session that it comes over."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.session = AgentSession("id", "web-1", self.wire, Heartbeat(0.0), 0.0)
        self.feed = Feed(self.session, "web-1", ENGINE, ["stdout", "stderr"])
        self.out, self.err = (one.stream for one in self.feed.openings("request"))
        self.sent = {self.out: 0, self.err: 0}

    def say(self, stream: int, data: bytes) -> None:
        self.session.streams[stream].feed(self.sent[stream], data)
        self.sent[stream] += len(data)

    def end(self, stream: int, reason: str = "eof", error: str | None = None) -> None:
        close = StreamClose(stream=stream, offset=self.sent[stream], reason=reason, error=error)
        self.session.streams[stream].end(close)


@pytest.fixture
def agent() -> Agent:
    return Agent()


async def test_pieces_come_in_order_and_then_the_end(agent: Agent) -> None:
    for stream, data in (
        (agent.out, b"a"),
        (agent.out, b"b"),
        (agent.err, b"c"),
        (agent.out, b"d"),
    ):
        agent.say(stream, data)
    assert await agent.feed.next() == [
        Piece("stdout", bytearray(b"ab")), Piece("stderr", bytearray(b"c")),
        Piece("stdout", bytearray(b"d")),
    ]  # fmt: skip
    agent.say(agent.err, b"e")
    agent.end(agent.out)
    agent.end(agent.err)
    assert await agent.feed.next() == [Piece("stderr", bytearray(b"e"))]
    assert await agent.feed.next() is None
    agent.feed.close()
    assert agent.wire.posted == []


async def test_credit_is_for_what_was_taken(agent: Agent) -> None:
    quarter = bytes(STREAM_CREDIT // 4)
    for _ in range(4):
        agent.say(agent.out, quarter)
    await agent.feed.next()
    assert agent.wire.of("stream_credit") == [], "it may not be sent on yet"
    await agent.feed.next()
    (credit,) = agent.wire.of("stream_credit")
    assert (credit["stream"], credit["credit"]) == (agent.out, len(quarter))
    agent.say(agent.out, quarter)
    with pytest.raises(ProtocolError):
        agent.say(agent.out, b"x")
    with pytest.raises(Conflict):
        await agent.feed.next()
    assert [one["stream"] for one in agent.wire.of("stream_close")] == [agent.out, agent.err]


async def test_bytes_out_of_place_are_refused(agent: Agent) -> None:
    with pytest.raises(ProtocolError):
        agent.session.streams[agent.out].feed(1, b"x")


async def test_small_pieces_stay_few(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CROWDED", 8)
    for _ in range(100):
        agent.say(agent.out, b"o")
        agent.say(agent.err, b"e")
    assert len(agent.feed._queue) == 8
    pieces = await agent.feed.next()
    assert pieces is not None
    for name, wanted in (("stdout", b"o" * 100), ("stderr", b"e" * 100)):
        assert b"".join(one.data for one in pieces if one.stream == name) == wanted


async def test_what_came_before_a_failure_is_given_first(agent: Agent) -> None:
    agent.say(agent.out, b"x")
    for stream in (agent.out, agent.err):
        agent.end(stream, "not_found", "it is \x1b[2J gone")
    assert await agent.feed.next() == [Piece("stdout", bytearray(b"x"))]
    with pytest.raises(NotFound, match=r"web-1: it is \\x1b\[2J gone"):
        await agent.feed.next()


async def test_a_lost_connection_is_told_to_who_waits(agent: Agent) -> None:
    tasks = Tasks()
    waiting = tasks.spawn(agent.feed.next(), name="reader")
    await asyncio.sleep(0)
    agent.session.end()
    agent.feed.lost()
    with pytest.raises(Offline):
        await waiting
    await tasks.close()
    agent.feed.close()
    assert agent.wire.posted == []


async def test_who_is_cut_gets_nothing_more(agent: Agent) -> None:
    agent.say(agent.out, b"secret")
    agent.feed.cut(NotFound("not for you any more"))
    agent.feed.cut(Offline("later"))
    with pytest.raises(NotFound):
        await agent.feed.next()
    assert len(agent.wire.of("stream_close")) == 2
    assert agent.session.streams == {}
