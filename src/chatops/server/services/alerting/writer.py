"""What changed in alerts, to the database: with what delivery is to hear, in one transaction.

An alert waits once, whatever happens to it meanwhile, and is written as it is then. What cannot be
written waits, too, and is tried again until it is; nobody hears of it before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, NamedTuple

from chatops.errors import ChatOpsError
from chatops.server.crud import alerts as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.services.alerting.machine import Alert, Step
from chatops.server.services.alerting.outbox import AlertChange, Outbox
from chatops.server.services.alerting.shown import row_of

RETRY_AFTER: Final = 1.0
LINGER: Final = 0.02
"""Seconds between two commits: what changes meanwhile shares the next one."""
BATCH: Final = 500
"""Alerts a transaction: more would hold the writer for longer than 20 ms."""
_log = logging.getLogger(__name__)


class Told(NamedTuple):
    """Something to be told of an alert, once it is written. ``deliver``: to people, too, who do
    not happen to look."""

    step: Step
    change: AlertChange
    deliver: bool


class _Batch(NamedTuple):
    alerts: list[Alert]
    forgotten: list[str]
    told: list[Told]


class AlertWriter:
    """``tell`` gets what was committed."""

    def __init__(
        self, database: Database, outbox: Outbox, tell: Callable[[Sequence[Told]], None]
    ) -> None:
        self._database = database
        self.outbox = outbox
        self._tell = tell
        self._changed: dict[str, Alert] = {}
        self._forgotten: dict[str, None] = {}
        self._told: list[Told] = []
        self._arrived = asyncio.Event()
        self._turn = asyncio.Lock()

    def put(self, steps: Sequence[Step], told: Sequence[Told]) -> None:
        """Write these as soon as possible; ``told`` is what is to be told of them."""
        for happening, alert in steps:
            self._changed.pop(alert.id, None)  # the order is that of the last change
            if happening == "forgotten":
                self._forgotten[alert.id] = None
            else:
                self._changed[alert.id] = alert
        self._told += told
        if steps:
            self._arrived.set()

    async def run(self) -> None:
        """Write what waits, for as long as the hub runs."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            try:
                while self._changed or self._forgotten:
                    await self._write()
            except ChatOpsError as error:
                _log.error("alerts cannot be stored: %s", error.message)
                await asyncio.sleep(RETRY_AFTER)
                self._arrived.set()
            await asyncio.sleep(LINGER)

    async def drain(self) -> None:
        """Write what waits now, and what is being written, as when the hub stops."""
        with suppress(ChatOpsError):
            while self._changed or self._forgotten or self._turn.locked():
                await self._write()

    async def _write(self) -> None:
        async with self._turn:
            await self._write_batch()

    async def _write_batch(self) -> None:
        batch = self._take()
        # Copies: these are written in another thread, and may change meanwhile.
        rows = [(row_of(alert), dict(alert.members)) for alert in batch.alerts]

        def write(tx: Transaction) -> None:
            for alert_id in batch.forgotten:
                crud.forget(tx, alert_id)
            kept = {row["id"] for row, members in rows if crud.save(tx, row, members)}
            changes = [
                one.change for one in batch.told if one.deliver and one.step.alert.id in kept
            ]
            if changes:
                self.outbox.note(tx, changes)

        try:
            await self._database.transact(write)
        except BaseException:
            self._put_back(batch)
            raise
        if any(one.deliver for one in batch.told):
            self.outbox.wake()
        self._tell(batch.told)

    def _take(self) -> _Batch:
        ids = list(self._changed)[:BATCH]
        alerts = [self._changed.pop(alert_id) for alert_id in ids]
        forgotten, self._forgotten = list(self._forgotten), {}
        mine = set(ids)
        told = [one for one in self._told if one.step.alert.id in mine]
        self._told = [one for one in self._told if one.step.alert.id not in mine]
        return _Batch(alerts, forgotten, told)

    def _put_back(self, batch: _Batch) -> None:
        waiting = {one.id: one for one in batch.alerts if one.id not in self._forgotten}
        self._changed = waiting | self._changed
        self._forgotten = dict.fromkeys(batch.forgotten) | self._forgotten
        self._told = batch.told + self._told


def trial(alert: Alert) -> Alert:
    """A copy, to be changed and written before the alert itself is."""
    return replace(alert, members=dict(alert.members))
