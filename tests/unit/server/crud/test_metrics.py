"""The open raw window: in order of arrival, found by ids, walked whole."""

from __future__ import annotations

import random
from typing import Any

import pytest

from chatops.server.crud import metrics
from chatops.server.crud.metrics import NewSample
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.open_rows import OpenRows
from tests.support.databases import open_databases


def row(seq: int, server: str = "s1", **fields: Any) -> NewSample:
    base = {"server_id": server, "epoch": "e", "seq": seq, "ts": 100.0 - seq, "received_at": 1.0,
            "skew": None, "sample": b"{}"}  # fmt: skip
    return NewSample(**(base | fields))


async def test_samples_are_found_by_the_ids_they_got() -> None:
    def work(tx: Transaction) -> None:
        first = metrics.insert_many(tx, [row(1), row(2, "s2")])
        second = metrics.insert_many(tx, [row(3, skew=0.5)])
        assert second == [first[1] + 1]
        (found,) = metrics.by_ids(tx, [*second, 10_000])
        assert (found.id, found.seq, found.ts, found.skew) == (second[0], 3, 97.0, 0.5)
        assert metrics.delete_ids(tx, [first[0], 10_000]) == 1
        assert [one.seq for one in metrics.by_ids(tx, [*first, *second])] == [2, 3]

    async with open_databases() as databases:
        await databases.metrics.transact(work)


async def test_a_walk_meets_every_sample_once() -> None:
    def work(tx: Transaction) -> None:
        metrics.insert_many(tx, [row(seq) for seq in range(12_000)])
        walked = [one.seq for one in metrics.all_waiting(tx)]
        assert walked == list(range(12_000))

    async with open_databases() as databases:
        await databases.metrics.transact(work)


class Window:
    """The open raw window of some servers, beside what should be in it."""

    def __init__(self, tx: Transaction, random_: random.Random) -> None:
        self.tx = tx
        self.random = random_
        self.rows = OpenRows()
        self.wanted: dict[int, str] = {}
        self.last = 0

    def insert(self) -> None:
        servers = self.random.choices("abcd", weights=[9, 5, 3, 1], k=self.random.randint(1, 9))
        ids = metrics.insert_many(self.tx, [row(n, one) for n, one in enumerate(servers)])
        for one, row_id in zip(servers, ids, strict=True):
            self.wanted[row_id] = one
            self.rows.add(one, row_id, 0.0)
        self.last = ids[-1]

    def close(self) -> None:
        server = self.random.choice("abcd")
        ids = self.rows.of(server)
        if ids := ids[: self.random.randint(1, 30)]:
            metrics.close(self.tx, server, ids[-1])
            self.rows.closed(server, ids, 0.0)
        self.wanted = {one: own for one, own in self.wanted.items() if one not in ids}

    def clear(self) -> None:
        while metrics.clear(self.tx, self.rows.front(), self.random.randint(1, 9)):
            pass

    def begin_anew(self) -> None:
        self.rows = OpenRows()
        self.rows.begin(metrics.last_id(self.tx))
        for one in metrics.all_waiting(self.tx):
            self.rows.add(one.server_id, one.id, one.received_at)

    def check(self) -> None:
        assert {one.id: one.server_id for one in metrics.all_waiting(self.tx)} == self.wanted
        found = metrics.by_ids(self.tx, list(range(1, self.last + 1)))
        assert [one.id for one in found] == list(self.wanted)


@pytest.mark.parametrize("seed", range(4))
async def test_a_sample_is_open_until_it_is_closed_whatever_is_cleared_away(seed: int) -> None:
    def work(tx: Transaction) -> None:
        window = Window(tx, random.Random(seed))
        steps = (window.insert, window.insert, window.close, window.clear, window.begin_anew)
        for _ in range(300):
            window.random.choice(steps)()
            window.check()
        while window.wanted:
            window.close()
        window.clear()
        assert metrics.last_id(tx) == 0, "nothing is left"

    async with open_databases() as databases:
        await databases.metrics.transact(work)
