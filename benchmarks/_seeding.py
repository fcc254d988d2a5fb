"""Samples of past days in a hub's ``metrics.db``, written as the hub itself writes them: as they
come, then closed. Only the agents' sockets are left out."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

from chatops.clock import SystemClock
from chatops.server.crud import metrics as crud
from chatops.server.db import engine, transactions, write_ahead
from chatops.server.db.engine import Database
from chatops.server.db.files import TIDY_EVERY
from chatops.server.services.metrics.clearing import Clearing
from chatops.server.services.metrics.closer import Closer
from chatops.server.services.metrics.open_rows import CLOSE_AT, Known, OpenRows
from chatops.tasks import Tasks

T = TypeVar("T")
CLEAR_EVERY = 20
"""Chunks: about as many as a hub of 5,000 servers makes between two clearings."""
Taken = tuple[float, bytes]
"""When a sample was taken, Unix seconds, and its JSON."""


class Hold(NamedTuple):
    """How long a transaction had the writer, from its BEGIN to the end of its COMMIT, in
    milliseconds: by the clock, and what of it was work. The rest is the disk and other programs."""

    wall: float
    cpu: float


@contextmanager
def holds() -> Iterator[list[Hold]]:
    """Notes every hold of the writer in the block, in the thread that has it: transactions, and
    what of the write-ahead log is copied back while the writer waits."""
    found: list[Hold] = []

    def timed(function: Callable[..., T]) -> Callable[..., T]:
        def call(*given: Any) -> T:
            wall, cpu = time.perf_counter(), time.thread_time()
            try:
                return function(*given)
            finally:
                spent = time.perf_counter() - wall, time.thread_time() - cpu
                found.append(Hold(*(1000 * seconds for seconds in spent)))

        return call

    with (
        patch.object(engine, "work_off", timed(transactions.work_off)),
        patch.object(write_ahead, "finish", timed(write_ahead.finish)),
    ):
        yield found


class Seeder:
    """Writes samples, and closes them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.closing = 0.0
        """Seconds that closing took so far, in the planner's and the writer's thread."""
        self.closed = 0
        """Chunks that were made."""
        self._rows, self._known = OpenRows(), Known()
        self._clearing = Clearing(database, self._rows)
        self._closer = Closer(database, self._rows, self._known, SystemClock(), _refused)

    async def write(self, server_id: str, samples: Iterable[Taken]) -> None:
        """Samples of a server in order of time, in chunks of the usual size."""
        following = enumerate(samples, 1)
        while part := list(islice(following, CLOSE_AT)):
            ids = await self._insert([_row(server_id, *one) for one in part])
            await self._close(server_id, ids)

    async def write_by_turns(
        self, samples: Mapping[str, Iterable[Taken]], at_once: int = CLOSE_AT
    ) -> None:
        """Samples of several servers as agents send them: the rows of each lie far apart, which is
        most of what it costs to close them."""
        ids = defaultdict[str, list[int]](list)
        for seq, turn in enumerate(zip(*samples.values(), strict=True), 1):
            rows = [_row(one, seq, taken) for one, taken in zip(samples, turn, strict=True)]
            for server_id, row_id in zip(samples, await self._insert(rows), strict=True):
                ids[server_id].append(row_id)
            if seq % at_once == 0:
                for server_id in samples:
                    await self._close(server_id, ids.pop(server_id))

    async def _insert(self, rows: Sequence[crud.NewSample]) -> list[int]:
        for row in rows:
            self._known.of(row.server_id, row.epoch).add(row.seq)
        ids = await self.database.transact(lambda tx: crud.insert_many(tx, rows))
        for row, row_id in zip(rows, ids, strict=True):
            self._rows.add(row.server_id, row_id, row.received_at)
        return ids

    async def _close(self, server_id: str, ids: Sequence[int]) -> None:
        began = time.perf_counter()
        await self._closer.close(server_id, ids)
        self.closing += time.perf_counter() - began
        self.closed += 1
        if self.closed % CLEAR_EVERY == 0:
            await self.clear()

    async def clear(self) -> None:
        """Clear away what is closed, as a hub does every five seconds."""
        await self._clearing.once()


def _row(server_id: str, seq: int, taken: Taken) -> crud.NewSample:
    ts, sample = taken
    return crud.NewSample(
        server_id=server_id, epoch="seed", seq=seq, ts=ts, received_at=ts, skew=0.0, sample=sample
    )


@asynccontextmanager
async def seeding(folder: Path) -> AsyncIterator[Seeder]:
    """A seeder for the data folder of a hub that does not run, its tables made already. The log is
    copied back as in a hub."""
    database = await Database.open(folder / "metrics.db")
    try:
        async with Tasks() as tasks:
            tasks.spawn(_keep_tidy(database), name="tidy")
            seeder = Seeder(database)
            yield seeder
            await seeder.clear()
    finally:
        await database.close()


async def _keep_tidy(database: Database) -> None:
    while True:
        await asyncio.sleep(TIDY_EVERY)
        await database.tidy()


def _refused(server_id: str, names: Sequence[str]) -> None:
    raise AssertionError(f"{server_id} has no room for {names}")
