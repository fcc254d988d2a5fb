"""The spool on a real disk: restarts, death, overflow, a full disk, and what is sent of it."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.agent.segment import InMemory
from chatops.agent.store import RETRY_SECONDS
from chatops.agent.turns import RESEND_SECONDS
from chatops.clock import FakeClock
from chatops.protocol.messages import Metrics, MetricsGap
from tests.support.spools import (
    Number,
    disk_full,
    drain,
    numbers,
    open_spool,
    read,
    segments,
    take,
)

SMALL = 6000
"""Bytes that some twenty samples fill."""


def test_numbers_count_from_one_in_an_epoch_of_its_own(tmp_path: Path) -> None:
    spool = open_spool(tmp_path / "a")
    assert spool.epoch != open_spool(tmp_path / "b").epoch
    assert [number for _, number in take(spool, 3)] == [1, 2, 3]


def test_the_newest_goes_first_and_those_of_an_outage_follow(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    take(spool, 5)
    assert 0.8 * spool.size < spool.unacked <= spool.size
    spool.restart()
    assert numbers(drain(spool)) == [5, 1, 2, 3, 4]
    assert (len(spool), spool.unacked) == (0, 0)
    assert spool.size > 0, "a file is shorter only when it goes"


def test_what_is_not_acked_for_long_is_sent_again_in_the_same_session(tmp_path: Path) -> None:
    clock = FakeClock()
    spool = open_spool(tmp_path, clock=clock)
    take(spool, clock=clock)
    spool.restart()
    assert numbers([read(spool.next_live())]) == [1]  # type: ignore[list-item]
    assert spool.next_old() is None
    clock.advance(RESEND_SECONDS)
    take(spool, clock=clock)
    assert numbers(drain(spool)) == [2, 1]


def test_acks_of_another_epoch_or_of_nothing_change_nothing(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    take(spool)
    spool.restart()
    spool.next_live()
    spool.ack("other", 1)
    spool.ack(spool.epoch, 99)
    assert len(spool) == 1
    spool.ack(spool.epoch, 1)
    spool.ack(spool.epoch, 1)
    assert len(spool) == 0


def test_after_kill_9_all_that_was_not_acked_is_there_in_the_same_epoch(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    taken = take(spool, 50)
    for epoch, number in taken[10:20]:
        spool.ack(epoch, number)
    again = open_spool(tmp_path)
    assert take(again) == [(spool.epoch, 51)]
    again.restart()
    assert numbers(drain(again)) == [51, *range(1, 11), *range(21, 51)]


def test_what_is_acked_at_once_leaves_the_disk_as_it_is(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SMALL)
    spool.restart()
    for _ in range(200):
        take(spool)
        drain(spool)
        assert len(segments(tmp_path)) == 1
        assert spool.size <= SMALL // 4
    assert {path.name for path in tmp_path.iterdir()} == {segments(tmp_path)[0].name}


def test_an_age_is_told_whatever_the_clock_was_set_to(tmp_path: Path) -> None:
    clock = FakeClock()
    spool = open_spool(tmp_path, clock=clock)
    clock.set(50.0)
    take(spool, clock=clock)
    clock.set(1_700_000_000.0)
    clock.sleep(100.0)
    again = open_spool(tmp_path, clock=clock)
    again.restart()
    (sample,) = drain(again)
    assert isinstance(sample, Metrics)
    assert (sample.ts, sample.age) == (50.0, 105.0)


def test_a_sample_of_another_boot_has_no_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = open_spool(tmp_path)
    take(spool)
    monkeypatch.setattr("chatops.agent.store.boot_id", lambda: "another")
    again = open_spool(tmp_path)
    take(again)
    again.restart()
    new, old = drain(again)
    assert isinstance(new, Metrics)
    assert isinstance(old, Metrics)
    assert (new.age, old.age) == (5.0, None) or (new.age is not None and old.age is None)


@pytest.mark.parametrize("in_order", [True, False])
def test_after_another_boot_the_epoch_is_kept_only_after_an_end_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_order: bool
) -> None:
    spool = open_spool(tmp_path)
    take(spool, 3)
    if in_order:
        spool.close()
    monkeypatch.setattr("chatops.agent.store.boot_id", lambda: "another")
    again = open_spool(tmp_path)
    assert (again.epoch == spool.epoch) == in_order
    again.restart()
    assert numbers(drain(again)) == [3, 1, 2]


def test_when_it_is_full_the_oldest_go_and_are_told_as_one_gap(tmp_path: Path) -> None:
    clock = FakeClock()
    begin = clock.now()
    spool = open_spool(tmp_path, SMALL, clock)
    taken = take(spool, 200, clock)
    assert spool.size <= SMALL
    lost = len(taken) - len(spool)
    assert lost > 100
    again = open_spool(tmp_path, SMALL, clock)
    again.restart()
    newest, gap, *rest = drain(again)
    assert isinstance(gap, MetricsGap)
    assert (gap.first, gap.last, gap.reason) == (1, lost, "full")
    assert (gap.since, gap.until) == (begin, begin + 5.0 * (lost - 1))
    assert gap.age == pytest.approx(clock.now() - gap.until)
    assert numbers([newest, *rest]) == [200, *range(lost + 1, 200)]
    after = open_spool(tmp_path, SMALL, clock)
    after.restart()
    assert drain(after) == []


def test_a_gap_that_grows_while_it_is_under_way_is_told_in_two_parts(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SMALL)
    take(spool, 60)
    spool.restart()
    assert isinstance(read(spool.next_live()), Metrics)
    gap = read(spool.next_old())
    assert isinstance(gap, MetricsGap)
    take(spool, 30)
    while spool.next_live():
        pass
    assert spool.next_old() is None
    spool.ack(gap.epoch, gap.last)
    rest = read(spool.next_old())
    assert isinstance(rest, MetricsGap)
    assert rest.first == gap.last + 1
    assert rest.since == gap.until


def test_the_ack_of_a_sample_that_is_lost_since_is_not_that_of_a_gap(tmp_path: Path) -> None:
    spool = open_spool(tmp_path, SMALL)
    take(spool, 10)
    spool.restart()
    sent = {message.seq for message in iter(lambda: read(spool.next_old()), None)}  # type: ignore[union-attr]
    take(spool, 60)
    while spool.next_live():
        pass
    for number in sent:
        spool.ack(spool.epoch, number)
    gap = next(one for one in drain(spool) if isinstance(one, MetricsGap))
    assert gap.last >= 10


def test_while_the_disk_takes_nothing_samples_wait_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    spool = open_spool(tmp_path, clock=clock)
    caplog.set_level("INFO")
    old = take(spool, 3, clock)
    with disk_full():
        new = take(spool, 20, clock)
        assert {epoch for epoch, _ in old}.isdisjoint(epoch for epoch, _ in new)
    clock.advance(RETRY_SECONDS)
    new += take(spool, clock=clock)
    again = open_spool(tmp_path, clock=clock)
    assert again.epoch == new[-1][0]
    again.restart()
    assert numbers(drain(again)) == [24, *range(1, 24)]
    said = [record.getMessage() for record in caplog.records]
    assert [("cannot be written" in one, "again" in one) for one in said] == [
        (True, False),
        (False, True),
    ]


def test_an_end_in_order_brings_to_the_disk_what_waits_in_memory(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    with disk_full():
        take(spool, 3)
    spool.close()
    again = open_spool(tmp_path)
    again.restart()
    assert numbers(drain(again)) == [3, 1, 2]


def test_in_memory_they_are_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatops.agent.store.IN_MEMORY", SMALL)
    spool = open_spool(tmp_path, SMALL)
    with disk_full():
        take(spool, 200)
        spool.restart()
        newest, gap, *rest = drain(spool)
        assert isinstance(gap, MetricsGap)
        assert gap.first == 1
        assert numbers([newest, *rest]) == [200, *range(gap.last + 1, 200)]


class SpoolMachine(RuleBasedStateMachine):
    """A spool that is appended to, sent from, acked, filled, killed and robbed of its disk,
    against the plain fate of every sample."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        self.clock = FakeClock()
        self.full = contextlib.ExitStack()
        self.is_full = False
        self.taken: set[Number] = set()
        self.acked: set[Number] = set()
        self.gone: set[Number] = set()
        """Acked as a gap, or lost with the memory while there was no disk."""
        self.unsure: set[Number] = set()
        """Acked while that could not be written, so that it may come again."""
        self.way: dict[Number, Metrics | MetricsGap] = {}
        self.last_old = 0
        self.begin()

    def begin(self) -> None:
        self.spool = open_spool(self.path, SMALL, self.clock)
        self.restart(64)

    def teardown(self) -> None:
        self.full.close()
        self.folder.cleanup()

    # -- what happens ----------------------------------------------------------------------

    @rule(count=st.integers(1, 12))
    def append(self, count: int) -> None:
        for number in take(self.spool, count, self.clock, every=0.01):
            assert number not in self.taken, "a number was used twice"
            self.taken.add(number)

    @rule(window=st.integers(1, 64))
    def restart(self, window: int) -> None:
        self.spool.restart(window)
        self.window = window
        self.way.clear()
        self.last_old = 0

    @rule(live=st.booleans(), count=st.integers(1, 8))
    def send(self, live: bool, count: int) -> None:
        for _ in range(count):
            message = read(self.spool.next_live() if live else self.spool.next_old())
            if message is None:
                return
            key = (message.epoch, message.last if isinstance(message, MetricsGap) else message.seq)
            if not live:  # the last of a gap may have been sent, and be lost since
                assert key[1] >= self.last_old + isinstance(message, Metrics)
                self.last_old = key[1]
            assert key not in self.way
            if isinstance(message, Metrics):
                assert key in self.taken - ((self.acked | self.gone) - self.unsure)
            self.way[key] = message
            assert sum(isinstance(one, Metrics) for one in self.way.values()) <= self.window

    @precondition(lambda self: self.way)
    @rule(data=st.data())
    def ack(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.way)))
        message = self.way.pop(key)
        self.spool.ack(*key)
        if isinstance(message, Metrics):
            self.acked.add(key)
            if self.is_full:
                self.unsure.add(key)
        else:
            covered = self.covered(message.epoch, message.first, message.last)
            self.gone |= covered - self.acked
            if self.is_full:
                self.unsure |= covered

    @rule(in_order=st.booleans(), torn=st.binary(max_size=9))
    def die(self, in_order: bool, torn: bytes) -> None:
        if in_order:
            self.spool.close()
        volatile = self.volatile()
        if not in_order and not self.is_full:
            with segments(self.path)[-1].open("ab") as file:
                file.write(torn.replace(b"\n", b""))
        self.full.close()
        self.is_full = False
        self.begin()
        self.gone |= volatile - self.acked - self.held() - self.lost()

    @precondition(lambda self: not self.is_full)
    @rule()
    def fill_the_disk(self) -> None:
        self.full.enter_context(disk_full())
        self.is_full = True

    @rule()
    def mend(self) -> None:
        self.full.close()
        self.is_full = False
        self.wait(RETRY_SECONDS)

    @rule(seconds=st.just(RESEND_SECONDS))
    def wait(self, seconds: float) -> None:
        """From the next sample on, what is under way is sent again."""
        self.clock.advance(seconds)
        self.append(1)
        self.way.clear()
        self.last_old = 0

    # -- what must hold --------------------------------------------------------------------

    @invariant()
    def every_sample_has_one_fate(self) -> None:
        held, lost = self.held(), self.lost()
        assert held.isdisjoint(lost)
        assert held | lost | self.acked | self.gone == self.taken
        assert held.isdisjoint(self.acked - self.unsure)

    @invariant()
    def bounded(self) -> None:
        assert self.spool.size <= SMALL + 1000
        names = {path.name for path in self.path.iterdir()}
        assert len(names) <= 40

    def held(self) -> set[Number]:
        return {key for key in self.taken if self.is_held(*key)}

    def lost(self) -> set[Number]:
        lost: set[Number] = set()
        for gap in self.spool._store.gaps._gaps:
            covered = self.covered(gap.epoch, gap.first, gap.last) - self.acked
            assert covered.isdisjoint(lost), "it is in two gaps"
            lost |= covered
        return lost

    def is_held(self, epoch: str, number: int) -> bool:
        segment = self.spool._store._shelf.find(number)
        return segment is not None and segment.epoch == epoch and segment.holds(number)

    def covered(self, epoch: str, first: int, last: int) -> set[Number]:
        return {key for key in self.taken if key[0] == epoch and first <= key[1] <= last}

    def volatile(self) -> set[Number]:
        """What only the memory knows."""
        store = self.spool._store
        kept: set[Number] = set()
        for segment in store._shelf.segments:
            if isinstance(segment.place, InMemory):
                kept |= self.covered(segment.epoch, segment.first, segment.end - 1)
        if self.is_full or store._retry_at is not None:
            for gap in store.gaps._gaps:
                kept |= self.covered(gap.epoch, gap.first, gap.last)
        return kept


TestSpool = SpoolMachine.TestCase
