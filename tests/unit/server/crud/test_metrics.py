"""The open raw window: in order of arrival, found by ids, walked whole."""

from __future__ import annotations

from typing import Any

from chatops.server.crud import metrics
from chatops.server.crud.metrics import NewSample
from chatops.server.db.transactions import Transaction
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
