"""Lines of agents: which of them are new, and the rules of who is stored when."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.clock import FakeClock
from chatops.protocol import limits
from chatops.protocol.codec import from_hub
from chatops.protocol.messages import Log, LogAck
from chatops.protocol.parts import LogLine
from chatops.protocol.session.heartbeat import Heartbeat
from chatops.server.crud import log_entries, log_positions
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.db.files import Databases
from chatops.server.db.transactions import Transaction
from chatops.server.services import log_shipping
from chatops.server.services.agent_manager import AgentSession
from chatops.server.services.log_shipping import LogShipping, pieces, settle
from tests.support.databases import failing, open_databases
from tests.support.model_agent import Link


def message(*numbers: int, after: int = 0, epoch: str = "e", source: str = "s") -> Log:
    lines = [LogLine(ts=float(n), message=str(n), seq=n) for n in numbers]
    return Log(source=source, entries=lines, epoch=epoch, after=after)


def new(stored: int | None, given: Log) -> list[int] | None:
    settled = settle(stored, given)
    return None if settled is None else [line.seq for line in settled.lines]


def test_what_of_a_message_is_new() -> None:
    assert new(None, message(1, 2, 3)) == [1, 2, 3]
    assert new(2, message(1, 2, 3)) == [3]
    assert new(3, message(1, 2, 3)) == []
    assert new(3, message(9, after=3)) == [9]
    assert new(2, message(9, after=3)) is None
    assert new(None, message(9, after=3)) is None
    assert new(None, message(9)) == [9]
    assert new(0, message(5, 4, 5, 0, 6)) == [5, 6]


def test_a_message_is_cut_into_pieces_that_follow_one_another() -> None:
    whole = message(1, 2, 3, 4, 5, after=9)
    assert [piece for piece, _ in pieces(whole, 10_000)] == [whole]
    parts = list(pieces(whole, 700))
    assert [[line.seq for line in piece.entries] for piece, _ in parts] == [[1, 2], [3, 4], [5]]
    assert [piece.after for piece, _ in parts] == [9, 2, 4]
    assert [size for _, size in parts] == [602, 602, 401]
    assert [piece for piece, _ in pieces(message(), 700)] == [message()]


class Sender:
    """An agent that follows the rules, and a wire and a hub that lose what they like."""

    def __init__(self, lines: Sequence[int]) -> None:
        self.lines = lines
        self.acked = self.sent = 0
        self.wire: deque[Log] = deque()
        self.stored: list[int] = []
        self.position: int | None = None

    def send(self, count: int) -> None:
        some = [one for one in self.lines if one > self.sent][:count]
        if some:
            after = self.sent if self.sent > self.acked else 0
            self.wire.append(message(*some, after=after))
            self.sent = some[-1]

    def again(self) -> None:
        """A new session, or 30 seconds without an ack: what was under way may still arrive."""
        self.sent = self.acked

    def take(self, *, ack: bool) -> None:
        if not self.wire:
            return
        settled = settle(self.position, self.wire.popleft())
        if settled is not None:
            self.stored += [line.seq for line in settled.lines]
            self.position = settled.seq
            if ack:
                self.acked = max(self.acked, settled.seq)
                self.sent = max(self.sent, self.acked)

    def lose(self) -> None:
        if self.wire:
            self.wire.popleft()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["take", "take without ack", "lose", "again"]), st.just(0)),
    ),
    max_size=60,
)


@given(st.sets(st.integers(1, 10_000), min_size=1, max_size=30), STEPS)
def test_whatever_is_lost_all_lines_are_stored_once_in_order(
    numbers: set[int], steps: list[tuple[str, int]]
) -> None:
    sender = Sender(sorted(numbers))
    for what, count in steps:
        match what:
            case "send":
                sender.send(count)
            case "again":
                sender.again()
            case "lose":
                sender.lose()
            case _:
                sender.take(ack=what == "take")
        assert sender.stored == sender.lines[: len(sender.stored)]
    while sender.wire:
        sender.take(ack=True)
    sender.again()
    sender.send(len(numbers))
    sender.take(ack=True)
    assert sender.stored == sender.lines


@pytest.fixture
async def databases() -> AsyncIterator[Databases]:
    async with open_databases() as databases:
        yield databases


class Hub:
    """The service, with what it said."""

    def __init__(self, databases: Databases) -> None:
        self.databases = databases
        self.told: list[tuple[str, str]] = []
        self.shipping = LogShipping(databases.logs, FakeClock(), self._told)

    def _told(self, server_id: str, rows: Sequence[NewLogEntry]) -> None:
        self.told += [(server_id, row["message"]) for row in rows]

    async def stored(self, server_id: str) -> list[str]:
        rows = await self.databases.logs.look(
            lambda tx: log_entries.tail(tx, server_id, limit=100_000)
        )
        return [row.message for row in rows]


def session_of(name: str) -> tuple[AgentSession, Link]:
    link = Link()
    return AgentSession(f"id-{name}", name, link, Heartbeat(0.0), 0.0), link


def acks(link: Link) -> list[tuple[str, int]]:
    found = [from_hub().decode(frame) for frame in link.to_agent]
    return [(one.epoch, one.seq) for one in found if isinstance(one, LogAck)]


async def test_lines_are_stored_acked_and_told_once(databases: Databases) -> None:
    hub, (session, connection) = Hub(databases), session_of("web-1")
    for one in (message(1, 2), message(3, after=2), message(1, 2), message(7, after=5)):
        hub.shipping.submit(session, one)
    hub.shipping.submit(session, Log(source="s", entries=[LogLine(ts=8.0, message="no place")]))
    assert await hub.shipping.flush()
    assert hub.told == [("id-web-1", one) for one in ("1", "2", "3", "no place")]
    assert await hub.stored("id-web-1") == ["1", "2", "3", "no place"]
    assert acks(connection) == [("e", 3)]
    assert hub.shipping.counts == {"stored": 4, "duplicate": 2, "no_room": 0, "out_of_turn": 1}
    assert hub.shipping.size == 0


async def test_a_hub_that_dies_before_the_ack_stores_nothing_twice(databases: Databases) -> None:
    hub, (session, _) = Hub(databases), session_of("web-1")
    hub.shipping.submit(session, message(1, 2, 3))
    assert await hub.shipping.flush()
    after, (again, connection) = Hub(databases), session_of("web-1")
    after.shipping.submit(again, message(1, 2, 3, 4))
    await after.shipping.drain()
    assert await after.stored("id-web-1") == ["1", "2", "3", "4"]
    assert acks(connection) == [("e", 4)]


async def test_a_disk_that_fails_delays_lines_and_loses_none(databases: Databases) -> None:
    hub, (session, connection) = Hub(databases), session_of("web-1")
    hub.shipping.submit(session, message(1, 2))
    async with failing(databases.logs):
        assert not await hub.shipping.flush()
    assert acks(connection) == []
    hub.shipping.submit(session, message(3, after=2))
    assert await hub.shipping.flush()
    assert await hub.stored("id-web-1") == ["1", "2", "3"]


async def test_a_server_has_a_bounded_place_and_one_turn_at_a_time(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_shipping, "MAX_SERVER_LOGS", 200_000)
    hub, (loud, connection), (quiet, heard) = (
        Hub(databases), session_of("loud"), session_of("quiet")
    )  # fmt: skip
    for number in range(1, 2001):
        hub.shipping.submit(loud, message(number, after=number - 1))
    assert hub.shipping.size <= 200_000
    hub.shipping.submit(quiet, message(1))
    assert await hub.shipping.flush()
    assert acks(heard) == [("e", 1)]
    assert acks(connection) == [("e", log_shipping.MESSAGES)]
    await hub.shipping.drain()
    kept = len(await hub.stored("id-loud"))
    assert hub.shipping.counts["no_room"] == 2000 - kept
    for number in range(kept + 5, kept + 8):
        hub.shipping.submit(loud, message(number, after=number - 1))
    await hub.shipping.drain()
    assert len(await hub.stored("id-loud")) == kept
    assert hub.shipping.counts["out_of_turn"] == 3


async def test_a_flood_fills_no_log_of_the_hubs_own(
    databases: Databases, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(log_shipping, "MAX_SERVER_LOGS", 0)
    hub, (loud, _) = Hub(databases), session_of("loud")
    clock = hub.shipping._clock
    assert isinstance(clock, FakeClock)
    for seconds in (0.0, 0.0, log_shipping.COMPLAIN / 2, log_shipping.COMPLAIN / 2):
        clock.advance(seconds)
        hub.shipping.submit(loud, message(1, 2))
        await hub.shipping.flush()
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "no room for 2 log lines", "no room for 6 log lines",
    ]  # fmt: skip


async def test_the_epochs_of_a_server_are_bounded(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_shipping, "MAX_LOG_EPOCHS", 3)
    hub, (session, _), (other, _) = Hub(databases), session_of("liar"), session_of("other")
    clock = hub.shipping._clock
    assert isinstance(clock, FakeClock)
    hub.shipping.submit(other, message(1))
    for number in range(10):
        clock.advance(1)
        hub.shipping.submit(session, message(1, epoch=f"e{number}"))
    await hub.shipping.drain()

    async def known(server_id: str, epoch: str) -> int | None:
        return await databases.logs.transact(lambda tx: log_positions.find(tx, server_id, epoch))

    assert [await known("id-liar", f"e{n}") for n in (6, 7, 8, 9)] == [None, 1, 1, 1]
    assert await known("id-other", "e") == 1
    assert await databases.logs.transact(
        lambda tx: log_positions.delete_before(tx, clock.now(), 10)
    ) == 3  # fmt: skip
    await databases.logs.transact(lambda tx: log_positions.delete_for_server(tx, "id-liar"))
    assert await known("id-liar", "e9") is None


async def test_what_a_removed_server_had_waiting_goes(databases: Databases) -> None:
    hub, (session, _) = Hub(databases), session_of("web-1")
    hub.shipping.submit(session, message(1))
    hub.shipping.forget("id-web-1")
    hub.shipping.forget("id-web-1")
    assert hub.shipping.size == 0
    await hub.shipping.drain()
    assert await hub.stored("id-web-1") == []


async def test_texts_are_bounded(databases: Databases) -> None:
    hub, (session, _) = Hub(databases), session_of("web-1")
    line = LogLine(ts=1e300, level="shout", message="x" * 100_000, seq=1)
    hub.shipping.submit(session, Log(source="s" * 999, entries=[line], epoch="e"))
    await hub.shipping.drain()
    (row,) = await databases.logs.look(lambda tx: log_entries.tail(tx, "id-web-1", limit=9))
    assert row.ts == 253_402_300_799.999
    assert (row.level, len(row.source), len(row.message)) == (
        "info", limits.MAX_LABEL, limits.MAX_LOG_LINE
    )  # fmt: skip


async def test_lines_of_many_servers_share_steps_of_a_bounded_size(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much waits, nobody has the writer for longer than one of them."""
    hub, steps = Hub(databases), list[int]()
    insert = log_entries.insert_many

    def counted(tx: Transaction, rows: Sequence[NewLogEntry]) -> int:
        steps.append(sum(len(row["message"]) + 200 for row in rows))
        return insert(tx, rows)

    monkeypatch.setattr(log_entries, "insert_many", counted)
    sessions = [session_of(f"web-{number}") for number in range(30)]
    for number, (session, _) in enumerate(sessions):
        lines = [LogLine(ts=1.0, message="x" * (number * 500), seq=n) for n in range(1, 41)]
        hub.shipping.submit(session, Log(source="s", entries=lines, epoch="e"))
    assert await hub.shipping.flush()
    await hub.shipping.drain()
    assert hub.shipping.counts["stored"] == 30 * 40
    assert max(steps) <= log_shipping.STEP
    assert len(steps) < 2 * sum(steps) / log_shipping.STEP + 1
    assert all(acks(connection)[-1] == ("e", 40) for _, connection in sessions)
