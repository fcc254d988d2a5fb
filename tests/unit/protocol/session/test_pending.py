"""Open requests: each leaves exactly once, in time, and nothing is kept of it."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from chatops.errors import Busy
from chatops.protocol.session.pending import Pending

IDS = st.sampled_from([f"id{n}" for n in range(6)])
LIMIT = 4


class Requests(RuleBasedStateMachine):
    """Random requests, answers, deadlines and lost connections, against a plain dict."""

    def __init__(self) -> None:
        super().__init__()
        self.pending: Pending[int] = Pending(limit=LIMIT)
        self.model: dict[str, tuple[int, float]] = {}
        self.now = 0.0
        self.serial = 0
        self.left: list[int] = []

    @rule(request_id=IDS, lasts=st.integers(min_value=0, max_value=5))
    def add(self, request_id: str, lasts: int) -> None:
        if len(self.model) >= LIMIT:
            with pytest.raises(Busy):
                self.pending.add(request_id, -1, self.now)
        elif request_id in self.model:
            with pytest.raises(ValueError, match="open already"):
                self.pending.add(request_id, -1, self.now)
        else:
            self.serial += 1
            self.model[request_id] = (self.serial, self.now + lasts)
            self.pending.add(request_id, self.serial, self.now + lasts)

    @rule(request_id=IDS)
    def answer(self, request_id: str) -> None:
        expected = self.model.pop(request_id, None)
        waiter = self.pending.resolve(request_id)
        assert waiter == (expected[0] if expected else None)
        if waiter is not None:
            self.left.append(waiter)

    @rule(passed=st.integers(min_value=0, max_value=4))
    def time_passes(self, passed: int) -> None:
        self.now += passed
        due = {key for key, (_, deadline) in self.model.items() if deadline <= self.now}
        gone = self.pending.expire(self.now)
        assert {key for key, _ in gone} == due
        deadlines = [self.model[key][1] for key, _ in gone]
        assert deadlines == sorted(deadlines)
        for key, waiter in gone:
            assert self.model.pop(key)[0] == waiter
            self.left.append(waiter)

    @rule()
    @precondition(lambda self: self.model)
    def connection_goes(self) -> None:
        gone = self.pending.drain()
        assert dict(gone) == {key: waiter for key, (waiter, _) in self.model.items()}
        self.left += [waiter for _, waiter in gone]
        self.model.clear()

    @invariant()
    def as_the_model(self) -> None:
        assert len(self.pending) == len(self.model)
        deadlines = [deadline for _, deadline in self.model.values()]
        assert self.pending.next_deadline() == min(deadlines, default=None)

    @invariant()
    def each_left_once_or_is_open(self) -> None:
        open_now = [waiter for waiter, _ in self.model.values()]
        assert sorted(self.left + open_now) == list(range(1, self.serial + 1))


TestRequests = Requests.TestCase


def test_answered_requests_leave_nothing_behind() -> None:
    pending: Pending[str] = Pending()
    pending.add("old", "waits", deadline=0.5)
    for n in range(5000):
        pending.add(f"id{n}", "w", deadline=1e6)
        assert pending.resolve(f"id{n}") == "w"
    values = (getattr(pending, name) for name in Pending.__slots__)
    kept = sum(len(value) for value in values if isinstance(value, dict | list))
    assert kept < 200
    assert pending.expire(1.0) == [("old", "waits")]


def test_an_id_may_be_used_again_with_the_same_deadline() -> None:
    pending: Pending[str] = Pending()
    pending.add("a", "first", 5.0)
    assert pending.resolve("a") == "first"
    pending.add("a", "second", 5.0)
    assert pending.expire(5.0) == [("a", "second")]
    assert pending.expire(9.0) == []
