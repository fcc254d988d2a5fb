"""Feeds of the agent: credit, order, bounds, and every way in which one ends."""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from chatops.agent import feeds as module
from chatops.agent.feeds import ROOM, Feed, FeedEnded, FeedError, Feeds
from chatops.protocol.frames import StreamFrame, decode_frame
from chatops.protocol.limits import KiB
from chatops.protocol.messages import StreamClose, StreamCredit, StreamName, StreamOpen
from tests.support.waiting import until_async

BLOCK = b"x" * (64 * KiB)


def opened(credit: int = 10**9, first: int = 1) -> list[StreamOpen]:
    names: tuple[StreamName, StreamName] = ("stdout", "stderr")
    return [
        StreamOpen(stream=number, command_id="f", name=name, credit=credit)
        for number, name in enumerate(names, first)
    ]


class Agent:
    """Feeds in a session, and all that was said of them."""

    def __init__(self, limit: int = 16) -> None:
        self.feeds = Feeds(limit)
        self.answers: list[Any] = []
        self.frames: list[StreamFrame | dict[str, Any]] = []
        self.feeds.connected(self.pump)

    def pump(self) -> None:
        while (frame := self.feeds.next_frame()) is not None:
            known = decode_frame(frame) if isinstance(frame, bytes) else json.loads(frame)
            self.frames.append(known)

    def start(self, source: Callable[[Feed], None], **how: Any) -> None:
        self.feeds.start(opened(**how), source, self.answers.append, name="test")

    def bytes_of(self, stream: int) -> bytes:
        found = [one for one in self.frames if isinstance(one, StreamFrame)]
        return b"".join(one.data for one in found if one.stream == stream)

    @property
    def closes(self) -> list[dict[str, Any]]:
        return [one for one in self.frames if isinstance(one, dict)]


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    made = Agent()
    yield made
    await made.feeds.close()
    await until_async(lambda: not [
        one for one in threading.enumerate() if one.name.startswith("chatops-feed")
    ])  # fmt: skip


async def test_a_feed_comes_in_order_and_is_closed_at_its_end(agent: Agent) -> None:
    def source(feed: Feed) -> None:
        feed.accept({"tty": False})
        for number in range(100):
            feed.write("stdout", b"o%d " % number)
            feed.write("stderr", b"e%d " % number)

    agent.start(source)
    await until_async(lambda: len(agent.closes) == 2)
    assert agent.answers == [{"tty": False}]
    said = [one.data for one in agent.frames if isinstance(one, StreamFrame)]
    assert b"".join(said) == b"".join(b"o%d e%d " % (n, n) for n in range(100))
    assert agent.bytes_of(1) == b"".join(b"o%d " % n for n in range(100))
    for close, stream in zip(agent.closes, (1, 2), strict=True):
        offset = len(agent.bytes_of(stream))
        assert close == {"type": "stream_close", "stream": stream, "offset": offset}


async def test_a_watcher_that_takes_nothing_stops_its_source(agent: Agent) -> None:
    written = 0

    def source(feed: Feed) -> None:
        nonlocal written
        feed.accept(None)
        while True:
            feed.write("stdout", BLOCK)
            written += len(BLOCK)

    agent.start(source, credit=len(BLOCK))
    await until_async(lambda: written == ROOM + len(BLOCK))
    agent.start(lambda feed: feed.accept("another"), first=3)
    await until_async(lambda: agent.answers == [None, "another"])
    assert written == ROOM + len(BLOCK)
    assert agent.feeds.credit(StreamCredit(stream=1, credit=len(BLOCK)))
    await until_async(lambda: len(agent.bytes_of(1)) == 2 * len(BLOCK))


async def test_a_copys_block_is_cut_only_by_credit_of_which_much_is_left(agent: Agent) -> None:
    written, block = threading.Event(), BLOCK * 2

    def source(feed: Feed) -> None:
        feed.accept(None)
        feed.write("stdout", b"12")
        feed.write("stdout", block)
        feed.write("stdout", block)
        written.set()

    agent.start(source, credit=len(block) + 3)
    await until_async(written.is_set)
    await until_async(lambda: len(agent.bytes_of(1)) == len(block) + 2)
    for more in (5, len(block) // 2):
        assert len(agent.bytes_of(1)) == len(block) + 2
        assert agent.feeds.credit(StreamCredit(stream=1, credit=more))
    assert len(agent.bytes_of(1)) == len(block) + 2 + 1 + 5 + len(block) // 2


async def test_what_was_said_before_a_failure_comes_before_it(agent: Agent) -> None:
    def source(feed: Feed) -> None:
        feed.accept(None)
        feed.write("stdout", b"some")
        raise FeedError("conflict", "it broke off")

    agent.start(source)
    await until_async(lambda: len(agent.closes) == 2)
    assert agent.bytes_of(1) == b"some"
    assert {(one["reason"], one["error"]) for one in agent.closes} == {("conflict", "it broke off")}


async def test_a_source_that_cannot_begin_answers_and_is_forgotten(
    agent: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Feed) -> None:
        raise FeedError("not_found", "nothing there")

    def fail(_: Feed) -> None:
        raise ZeroDivisionError

    for source, code in ((refuse, "not_found"), (fail, "conflict")):
        agent.start(source)
        answer = await until_async(lambda: agent.answers.pop() if agent.answers else None)
        assert answer.code == code
    monkeypatch.setattr(module, "ACCEPT_WITHIN", 0.05)
    over = threading.Event()

    def hang(feed: Feed) -> None:
        feed.on_end(over.set)
        over.wait()

    agent.start(hang)
    late = await until_async(lambda: agent.answers.pop() if agent.answers else None)
    assert late.code == "timed_out"
    await until_async(over.is_set)
    assert agent.frames == []


@pytest.mark.parametrize("end", ["closed", "disconnected", "stopped"])
async def test_a_feed_that_nobody_takes_ends_its_source(agent: Agent, end: str) -> None:
    interrupted, left = threading.Event(), threading.Event()

    def source(feed: Feed) -> None:
        feed.on_end(interrupted.set)
        feed.accept(None)
        interrupted.wait()
        try:
            feed.write("stdout", b"x")
        except FeedEnded:
            left.set()
            raise

    agent.start(source)
    await until_async(lambda: bool(agent.answers))
    if end == "closed":
        assert agent.feeds.shut(StreamClose(stream=2))
        assert not agent.feeds.shut(StreamClose(stream=1)), "it is gone as a whole"
    elif end == "disconnected":
        agent.feeds.disconnected()
    else:
        await agent.feeds.close()
    await until_async(left.is_set)
    assert agent.frames == []
    assert not agent.feeds.credit(StreamCredit(stream=1, credit=1))


async def test_feeds_are_counted_as_long_as_their_threads_are_there() -> None:
    agent, go = Agent(limit=2), threading.Event()

    def source(feed: Feed) -> None:
        feed.accept(None)
        go.wait()

    agent.start(source)
    agent.start(source, first=3)
    with pytest.raises(FeedError) as busy:
        agent.start(source, first=5)
    assert busy.value.code == "busy"
    agent.feeds.disconnected()
    with pytest.raises(FeedError):
        agent.start(source)
    go.set()
    await agent.feeds.close()
    agent.start(source)
    await agent.feeds.close()


async def test_streams_that_do_not_fit_are_refused(agent: Agent) -> None:
    agent.start(lambda feed: feed.accept(None))
    for streams in ([], opened(), opened(first=2**32), [opened()[0], opened()[0]]):
        with pytest.raises(FeedError) as refused:
            agent.feeds.start(streams, lambda feed: None, agent.answers.append, name="x")
        assert refused.value.code == "invalid"
