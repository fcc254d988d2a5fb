"""Closes open samples: reads them, works out what becomes of them, and writes it in one
transaction, so that each counts once whatever is killed when.

It is the only one who changes chunks and levels, but for retention, which takes away whole rows
that are too old; so what it read is still true when it writes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

import msgspec

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.server.crud import metric_store as store
from chatops.server.crud import metrics as crud
from chatops.server.crud.metrics import OpenSample
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.carried import newest_in_full
from chatops.server.services.metrics.cells import Cells, add
from chatops.server.services.metrics.closing import (
    RowKey,
    additions,
    admitted,
    merged,
    stored_columns,
    tables,
    unit_and_scale,
)
from chatops.server.services.metrics.columns import pack
from chatops.server.services.metrics.open_rows import Known, OpenRows

SWEEP: Final = 60.0
"""Seconds between two looks at samples that have been open for long."""
PAUSE: Final = 0.002
"""Seconds between two servers, for others to have the processor."""
RETRY_AFTER: Final = 5.0
TOUCH_AFTER: Final = 3600.0
"""A series is noted to be there no more often than this."""
_encode: Final = msgspec.json.Encoder().encode
_log = logging.getLogger(__name__)

Refused = Callable[[str, Sequence[str]], None]
"""Told the server and the METRIC names that its history has no room for."""


class Vanished(Exception):
    """Samples that were to be closed are gone: their server was removed."""


@dataclass(slots=True)
class Plan:
    """What one closing writes. ``new`` series have to be made before it can be complete."""

    server_id: str
    ids: Sequence[int]
    new: list[store.NewSeries]
    refused: list[str]
    chunks: list[store.NewChunk]
    levels: list[store.LevelRow]
    epochs: list[store.Epoch]
    latest: store.Latest
    touched: list[int]


class Closer:
    """Closes what is due, one server after the other."""

    def __init__(
        self, database: Database, open_rows: OpenRows, known: Known, clock: Clock, refused: Refused
    ) -> None:
        self._database = database
        self._open = open_rows
        self._known = known
        self._clock = clock
        self._refused = refused
        self._due: dict[str, None] = {}
        self._swept = clock.monotonic()
        self._turn = asyncio.Lock()
        self._wake = asyncio.Event()

    def ask(self, server_id: str) -> None:
        """A server has enough open samples."""
        self._due[server_id] = None
        self._wake.set()

    async def run(self) -> None:
        """Close what is due, for as long as the hub runs."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP):
                    await self._wake.wait()
            self._wake.clear()
            try:
                await self.close_due()
            except ChatOpsError as error:
                _log.error("samples cannot be closed yet: %s", error.message)
                await asyncio.sleep(RETRY_AFTER)
                self._wake.set()

    async def close_due(self) -> None:
        """Close all that is due now.

        Raises:
            Busy: the database cannot be written; what was not closed is still due.
        """
        self._sweep()
        while self._due:
            server_id = next(iter(self._due))
            while ids := self._open.due(server_id, self._clock.now()):
                await self.close(server_id, ids)
                await asyncio.sleep(PAUSE)
            self._due.pop(server_id, None)
            self._sweep()

    def _sweep(self) -> None:
        """From time to time, however busy the fleet is: what has been open for long is due."""
        if self._clock.monotonic() >= self._swept + SWEEP:
            self._swept = self._clock.monotonic()
            self._due |= dict.fromkeys(self._open.old(self._clock.now()))

    async def close(self, server_id: str, ids: Sequence[int]) -> None:
        """Close these samples of a server, its oldest ones, in order.

        Raises:
            Busy: the database cannot be written.
        """
        async with self._turn:
            await self._close(server_id, ids)

    async def _close(self, server_id: str, ids: Sequence[int]) -> None:
        plan = await self._plan(server_id, ids)
        while plan is not None and plan.new:  # again: room for more names may come meanwhile
            await self._database.transact(partial(store.add_series, rows=plan.new))
            plan = await self._plan(server_id, ids)
        if plan is not None:
            await self._write(plan)
            if plan.refused:
                self._refused(server_id, plan.refused)
        self._open.closed(server_id, ids, self._clock.now())

    async def _plan(self, server_id: str, ids: Sequence[int]) -> Plan | None:
        """What the closing will write; None if the samples are gone."""
        now = self._clock.now()
        plan = await self._database.look(lambda tx: make_plan(tx, server_id, ids, now))
        if plan is not None:
            for epoch in plan.epochs:
                epoch["numbers"] = self._known.of(server_id, epoch["epoch"]).text()
        return plan

    async def _write(self, plan: Plan) -> None:
        now = self._clock.now()
        try:
            await self._database.transact(lambda tx: write_plan(tx, plan, now))
        except Vanished:
            _log.debug("samples were removed while they were closed")


def make_plan(tx: Transaction, server_id: str, ids: Sequence[int], now: float) -> Plan | None:
    """Read samples, and work out what closing them means. It runs in a reader's thread."""
    samples = crud.by_ids(tx, ids)
    if len(samples) < len(ids):
        return None
    found = list(tables(samples))
    series = store.series_of(tx, server_id)
    names = list(dict.fromkeys(name for table in found for name in table.columns))
    new, refused = admitted(names, series, now)
    plan = Plan(server_id, ids, _new_series(server_id, new, now), refused, [], [], [], _newest(
        server_id, samples), [])  # fmt: skip
    if new:
        return plan
    known = {one.name: one for one in series if one.name in set(names) - set(refused)}
    adding: dict[RowKey, Cells] = {}
    for table in found:
        stored = stored_columns(table, known)
        plan.chunks.append(
            store.NewChunk(
                server_id=server_id, first_ms=table.times[0], last_ms=table.times[-1],
                samples=len(table.times), series=_encode(list(stored)).decode(),
                data=pack([table.times, *stored.values()]),
            )
        )  # fmt: skip
        for key, cells in additions(table.times, stored).items():
            add(adding.setdefault(key, {}), cells)
    exact = {one.id: one.scale is not None for one in known.values()}
    plan.levels = merged(adding, _stored(tx, adding), exact)
    plan.touched = [one.id for one in known.values() if one.last_at < now - TOUCH_AFTER]
    plan.epochs = [
        store.Epoch(server_id=server_id, epoch=epoch, numbers="", last_at=now)
        for epoch in dict.fromkeys(sample.epoch for sample in samples)
    ]
    return plan


def write_plan(tx: Transaction, plan: Plan, now: float) -> None:
    """Write a closing, in the writer's thread.

    Raises:
        Vanished: the samples are no longer there.
    """
    if not crud.by_ids(tx, plan.ids[:1]):  # a removed server's go from the first one on
        raise Vanished
    crud.close(tx, plan.server_id, plan.ids[-1])
    for chunk in plan.chunks:
        store.add_chunk(tx, chunk)
    store.put_levels(tx, plan.levels)
    store.put_epochs(tx, plan.epochs)
    store.put_latest(tx, plan.latest)
    if plan.touched:
        store.touch_series(tx, plan.touched, now)


def _new_series(server_id: str, names: Sequence[str], now: float) -> list[store.NewSeries]:
    rows = []
    for name in names:
        unit, scale = unit_and_scale(name)
        rows.append(
            store.NewSeries(server_id=server_id, name=name, unit=unit, scale=scale, last_at=now)
        )
    return rows


def _newest(server_id: str, samples: Sequence[OpenSample]) -> store.Latest:
    newest = newest_in_full(samples)
    return store.Latest(server_id=server_id, ts=newest.ts, skew=newest.skew, sample=newest.sample)


def _stored(tx: Transaction, adding: Iterable[RowKey]) -> dict[RowKey, str]:
    """What is there of the rows that will be added to."""
    rows: dict[tuple[int, int], list[int]] = defaultdict(list)
    for series_id, step, start in adding:
        rows[step, start].append(series_id)
    return {
        (series_id, step, start): text
        for (step, start), ids in rows.items()
        for series_id, text in store.cells_of(tx, ids, step, start).items()
    }
