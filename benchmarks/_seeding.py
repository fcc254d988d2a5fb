"""Samples of past days in a hub's ``metrics.db``, written as the hub itself writes them: as they
come, then closed. Only the agents' sockets are left out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import TypeVar

from chatops.clock import SystemClock
from chatops.server.crud import metrics as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.closer import Closer
from chatops.server.services.metrics.open_rows import CLOSE_AT, Known, OpenRows

T = TypeVar("T")
Taken = tuple[float, bytes]
"""When a sample was taken, Unix seconds, and its JSON."""


class Timed(Database):
    """A database that notes how long each transaction had the writer, when nobody else wants it:
    the way to its thread and back included. Milliseconds."""

    def __init__(self, *given: object) -> None:
        super().__init__(*given)  # type: ignore[arg-type]
        self.holds: list[float] = []

    async def transact(self, work: Callable[[Transaction], T]) -> T:
        began = time.perf_counter()
        try:
            return await super().transact(work)
        finally:
            self.holds.append((time.perf_counter() - began) * 1000)


class Seeder:
    """Writes samples of one server after the other."""

    def __init__(self, database: Timed) -> None:
        self.database = database
        self.closing = 0.0
        """Seconds that closing took so far, in the planner's and the writer's thread."""
        self.closed = 0
        """Chunks that were made."""
        self._rows, self._known = OpenRows(), Known()
        self._closer = Closer(database, self._rows, self._known, SystemClock(), _refused)

    async def write(self, server_id: str, samples: Iterable[Taken]) -> None:
        """Samples of a server in order of time, in chunks of the usual size."""
        following = enumerate(samples, 1)
        while part := list(islice(following, CLOSE_AT)):
            await self._chunk(server_id, part)

    async def _chunk(self, server_id: str, part: Sequence[tuple[int, Taken]]) -> None:
        rows = [
            crud.NewSample(
                server_id=server_id, epoch="seed", seq=seq, ts=ts, received_at=ts, skew=0.0,
                sample=sample,
            )
            for seq, (ts, sample) in part
        ]  # fmt: skip
        ids = await super(Timed, self.database).transact(lambda tx: crud.insert_many(tx, rows))
        for seq, _ in part:
            self._known.of(server_id, "seed").add(seq)
        began = time.perf_counter()
        await self._closer.close(server_id, ids)
        self.closing += time.perf_counter() - began
        self.closed += 1


@asynccontextmanager
async def seeding(folder: Path) -> AsyncIterator[Seeder]:
    """A seeder for the data folder of a hub that does not run, its tables made already."""
    database = await Timed.open(folder / "metrics.db")
    try:
        yield Seeder(database)
    finally:
        await database.close()


def _refused(server_id: str, names: Sequence[str]) -> None:
    raise AssertionError(f"{server_id} has no room for {names}")
