"""Live commands: every byte to every watcher in order, and every byte paid back exactly once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.clock import FakeClock
from chatops.errors import ProtocolError
from chatops.protocol.closing import CloseReason
from chatops.protocol.limits import STREAM_CREDIT
from chatops.protocol.session.heartbeat import Heartbeat
from chatops.server.db.models import Command
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.live_command import LiveCommand, Watcher
from tests.support.waiting import until_async


class Wire:
    """A connection that keeps what was posted."""

    address = "test"

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []

    def post(self, text: str) -> bool:
        self.posted.append(msgspec.json.decode(text))
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
    row = Command(id="c1", run_id="r1", server_id="s1", command="x", status="sent", created_at=0.0)
    return LiveCommand(row, "web-1"), session, wire


def take_all(watcher: Watcher) -> list[tuple[str, int, bytes]]:
    """Everything that a watcher has, without waiting."""
    taken: list[tuple[str, int, bytes]] = []

    async def run() -> None:
        while (piece := await watcher.next()) is not None:
            taken.append(piece)

    asyncio.run(run())
    return taken


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
            watchers.append(live.watch())
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
    first, second = live.watch(), live.watch()
    at = 0
    for chunk in chunks:
        live.streams["stderr"].feed(at, chunk)
        live.streams["stderr"].feed(max(at - 3, 0), chunk[:0])
        at += len(chunk)
    live.finish(live.outcome("succeeded"))
    for watcher in (first, second):
        taken = take_all(watcher)
        assert b"".join(data for _, _, data in taken) == b"".join(chunks)
        assert [name for name, _, _ in taken] == ["stderr"] * len(taken)


def test_an_agent_that_sends_more_than_it_may_is_refused() -> None:
    live, session, _ = live_command()
    live.open_streams(session)
    live.watch()
    live.streams["stdout"].feed(0, b"x" * STREAM_CREDIT)
    with pytest.raises(ProtocolError, match="credit"):
        live.streams["stdout"].feed(STREAM_CREDIT, b"x")


def test_the_first_outcome_stands_and_absurd_lengths_fit_the_database() -> None:
    live, session, _ = live_command()
    live.open_streams(session)
    for stream in live.streams.values():
        stream.end(2**63 - 1, 0)
    first = live.outcome("failed")
    assert first.dropped_bytes <= 2**62
    live.finish(first)
    live.finish(live.outcome("lost"))
    assert live.result is first


def test_while_somebody_watches_nothing_is_paid_before_it_is_taken() -> None:
    live, session, wire = live_command()
    opening = live.open_streams(session)
    assert [one.watched for one in opening] == [False, False]
    watcher = live.watch()
    live.streams["stdout"].feed(0, b"x" * STREAM_CREDIT)
    assert wire.credit() == 0
    watcher.close()
    assert wire.credit() == STREAM_CREDIT
    assert wire.posted[-1]["watched"] is False


async def test_a_watcher_that_waits_is_told_of_the_end() -> None:
    live, _, _ = live_command()
    watcher = live.watch()
    waiting = asyncio.ensure_future(watcher.next())  # noqa: TID251  (the test's own)
    await until_async(lambda: not waiting.done())
    live.finish(live.outcome("lost"))
    assert await waiting is None
    assert (await live.wait()).status == "lost"
