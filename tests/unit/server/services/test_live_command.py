"""Live commands: every byte to every watcher in order, and every byte paid back exactly once."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.clock import FakeClock
from chatops.errors import ProtocolError
from chatops.protocol.closing import CloseReason
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.messages import StreamClose
from chatops.protocol.session.heartbeat import Heartbeat
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.live_command import LiveCommand
from chatops.server.services.output import KeptStream
from chatops.server.services.standard_input import StandardInput
from chatops.server.services.watching import Bytes, Ended, Item, Started, Watcher
from tests.support.waiting import until_async


class Wire:
    """A connection that keeps what was posted."""

    address = "test"

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []

    def post(self, frame: str | bytes) -> bool:
        self.posted.append(msgspec.json.decode(frame))
        return True

    def close(self, reason: CloseReason, message: str | None = None) -> None:
        raise AssertionError(f"nobody asked to close for {reason}")

    def credit(self) -> int:
        """All credit that was given so far."""
        return sum(one.get("credit", 0) for one in self.posted if one["type"] == "stream_credit")


def live_command() -> tuple[LiveCommand, AgentSession, Wire]:
    wire, clock = Wire(), FakeClock()
    session = AgentSession(
        server_id="s1", server_name="web-1", connection=wire,
        heartbeat=Heartbeat(clock.monotonic()), connected_at=0.0,
    )  # fmt: skip
    return LiveCommand("c1", "r1", "s1", "web-1"), session, wire


def watch(live: LiveCommand, stdout: int = 0) -> Watcher:
    watcher = Watcher()
    watcher.follow(live, (stdout, 0))
    return watcher


def take_all(watcher: Watcher) -> list[Item]:
    return asyncio.run(take_rest(watcher))


async def take_some(watcher: Watcher, count: int) -> list[Item]:
    """At most so many items, as far as they are there."""
    taken: list[Item] = []
    with contextlib.suppress(TimeoutError):
        for _ in range(count):
            async with asyncio.timeout(0):
                item = await watcher.next()
            if item is None:
                break
            taken.append(item)
    return taken


async def take_rest(watcher: Watcher) -> list[Item]:
    """Everything that a watcher is told until all is over."""
    taken: list[Item] = []
    while (item := await watcher.next()) is not None:
        taken.append(item)
    return taken


def output(items: list[Item]) -> bytes:
    return b"".join(item.data for item in items if isinstance(item, Bytes))


steps = st.lists(
    st.one_of(
        st.tuples(st.just("feed"), st.integers(1, 70_000)),
        st.tuples(st.just("watch"), st.just(0)),
        st.tuples(st.just("leave"), st.integers(0, 3)),
    ),
    max_size=25,
)


@given(steps)
def test_credit_is_paid_back_once_whoever_comes_and_goes(actions: list[tuple[str, int]]) -> None:
    live, session, wire = live_command()
    opening = live.open_streams(session)[0]
    assert opening.credit == STREAM_CREDIT
    stream, at = live.streams["stdout"], 0
    watchers: list[Watcher] = []
    for action, number in actions:
        if action == "feed":
            number = min(number, STREAM_CREDIT + wire.credit() - at)  # as an honest agent does
            stream.feed(at, b"x" * number)
            at += number
        elif action == "watch":
            watchers.append(watch(live))
        elif watchers:
            watchers.pop(number % len(watchers)).close()
        assert wire.credit() <= at
    live.finish(live.outcome("succeeded"))
    for watcher in watchers:
        take_all(watcher)
        watcher.close()
    stream.settle()
    assert wire.credit() == at
    assert not live.watched


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=20))
def test_each_watcher_gets_every_byte_in_order(chunks: list[bytes]) -> None:
    live, session, _ = live_command()
    live.open_streams(session)
    first, second = watch(live), watch(live)
    live.tell_sent()
    at = 0
    for chunk in chunks:
        live.streams["stderr"].feed(at, chunk)
        live.streams["stderr"].feed(max(at - 3, 0), chunk[:0])
        at += len(chunk)
    live.finish(live.outcome("succeeded"))
    for watcher in (first, second):
        taken = take_all(watcher)
        assert output(taken) == b"".join(chunks)
        assert isinstance(taken[0], Started)
        assert isinstance(taken[-1], Ended)
        assert all(isinstance(one, Bytes) and one.stream == "stderr" for one in taken[1:-1])


def test_an_agent_that_sends_more_than_it_may_is_refused() -> None:
    live, session, _ = live_command()
    live.open_streams(session)
    watch(live)
    live.streams["stdout"].feed(0, b"x" * STREAM_CREDIT)
    with pytest.raises(ProtocolError, match="credit"):
        live.streams["stdout"].feed(STREAM_CREDIT, b"x")


def test_the_first_outcome_stands_and_absurd_lengths_fit_the_database() -> None:
    live, session, _ = live_command()
    live.open_streams(session)
    for stream in live.streams.values():
        stream.end(StreamClose(stream=1, offset=2**63 - 1))
    first = live.outcome("failed")
    assert first.dropped_bytes <= 2**62
    live.finish(first)
    live.finish(live.outcome("lost"))
    assert live.result is not None
    assert live.result.status == "failed"


def test_while_somebody_watches_nothing_is_paid_before_it_is_taken() -> None:
    live, session, wire = live_command()
    opening = live.open_streams(session)
    assert [one.watched for one in opening] == [False, False]
    watcher = watch(live)
    live.streams["stdout"].feed(0, b"x" * STREAM_CREDIT)
    assert wire.credit() == 0
    watcher.close()
    assert wire.credit() == STREAM_CREDIT
    assert wire.posted[-1]["watched"] is False


async def test_a_watcher_that_waits_is_told_of_the_end() -> None:
    live, _, _ = live_command()
    watcher = watch(live)
    waiting = asyncio.ensure_future(watcher.next())  # noqa: TID251  (the test's own)
    await until_async(lambda: not waiting.done())
    live.finish(live.outcome("lost"))
    assert isinstance(await waiting, Started)
    assert isinstance(await watcher.next(), Ended)
    assert await watcher.next() is None
    assert (await live.wait()).status == "lost"


@given(
    st.lists(st.one_of(st.binary(min_size=1, max_size=40), st.integers(1, 5)), max_size=25),
    st.integers(0, 60),
)
def test_who_comes_late_misses_nothing_and_gets_nothing_twice(
    steps: list[bytes | int], offset: int
) -> None:
    """``steps``: bytes come, or the late watcher takes so many items."""
    asyncio.run(_come_late(steps, offset))


async def _come_late(steps: list[bytes | int], offset: int) -> None:
    live, session, wire = live_command()
    live.open_streams(session)
    stream, at, total = live.streams["stdout"], 0, b""
    late: Watcher | None = None
    taken: list[Item] = []
    for number, step in enumerate(steps):
        if isinstance(step, bytes):
            stream.feed(at, step)
            at, total = at + len(step), total + step
        elif late is not None:
            taken += await take_some(late, step)
        if late is None and number >= len(steps) // 2:
            late = watch(live, offset)
    late = late or watch(live, offset)
    live.finish(live.outcome("succeeded"))
    taken += await take_rest(late)
    assert output(taken) == total[offset:]
    places = [(one.offset, len(one.data)) for one in taken if isinstance(one, Bytes)]
    assert all(a + length == b for (a, length), (b, _) in pairwise(places))
    assert isinstance(taken[-1], Ended)
    assert taken[-1].stdout_bytes == len(total)
    stream.settle()
    assert wire.credit() == at


def test_what_is_not_kept_any_more_is_a_jump_in_the_offsets() -> None:
    live, session, _ = live_command()
    live.streams["stdout"].kept = KeptStream(10, 10)
    live.open_streams(session)
    live.streams["stdout"].feed(0, bytes(range(100)))
    late = watch(live)
    live.finish(live.outcome("succeeded"))
    pieces = [one for one in take_all(late) if isinstance(one, Bytes)]
    assert [(one.offset, one.data) for one in pieces] == [
        (0, bytes(range(10))),
        (90, bytes(range(90, 100))),
    ]


def test_one_watcher_of_many_commands_hears_of_each_in_order() -> None:
    lives = [LiveCommand(f"c{n}", "r1", f"s{n}", f"web-{n}") for n in range(3)]
    session = live_command()[1]
    watcher = Watcher()
    for live in lives:
        watcher.follow(live)
        live.open_streams(session)
    for live in lives:
        live.tell_sent()
        live.streams["stdout"].feed(0, live.id.encode())
    for live in reversed(lives):
        live.finish(live.outcome("succeeded"))
    items = take_all(watcher)
    for live in lives:
        mine = [one for one in items if live.id in repr(one)]
        assert [type(one) for one in mine] == [Started, Bytes, Ended]
    assert not any(live.watched for live in lives)


def test_a_slow_watcher_holds_no_more_however_often_the_agent_comes_back() -> None:
    live, session, wire = live_command()
    stream, at, watcher = live.streams["stdout"], 0, watch(live)
    for _ in range(5):
        credit = live.open_streams(session)[0].credit
        if credit:
            stream.feed(at, b"x" * credit)
        at += credit
    assert at == STREAM_CREDIT
    asyncio.run(take_some(watcher, 10))
    assert wire.credit() == at


def test_a_command_that_is_over_leaves_nothing_in_its_session() -> None:
    live, session, _ = live_command()
    live.stdin = StandardInput(live.id)
    live.stdin.attach(lambda message: None)
    live.open_streams(session)
    assert (len(session.streams), len(session.inputs)) == (2, 1)
    live.finish(live.outcome("lost"))
    assert not session.streams
    assert not session.inputs


def test_who_reads_what_was_kept_holds_back_what_comes_meanwhile() -> None:
    live, session, wire = live_command()
    live.open_streams(session)
    stream = live.streams["stdout"]
    stream.feed(0, b"a" * 1000)
    stream.settle()
    paid = wire.credit()
    late = watch(live)
    stream.feed(1000, b"b" * (STREAM_CREDIT - 1000))
    assert wire.credit() == paid == 1000
    live.finish(live.outcome("succeeded"))
    assert output(take_all(late)) == b"a" * 1000 + b"b" * (STREAM_CREDIT - 1000)
    stream.settle()
    assert wire.credit() == STREAM_CREDIT
