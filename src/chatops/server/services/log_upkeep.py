"""Upkeep of ``logs.db``: what is too old or too much goes, and indexes of words become one piece.

All of it in steps that hold the writer for a few milliseconds, with pauses for those who store
lines; a step that finds nothing to do is cheap.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from typing import Final

from chatops.clock import Clock
from chatops.errors import ChatOpsError
from chatops.server.crud import log_entries, log_keys, log_parts, log_positions
from chatops.server.crud.log_parts import Part
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction
from chatops.server.settings import HubSettings

EVERY: Final = 5.0
"""Seconds between two looks."""
PAUSE: Final = 0.02
"""Seconds between two steps: those who store lines come first."""
HOLD: Final = 0.005
"""Seconds for which a step works: the commit included, nobody has the writer for 20 ms."""
BITE: Final = 50
"""Lines between two looks at the clock. The longest take 17 pages each."""
PAGES: Final = 16
"""The same of pages of an index."""
SHARE: Final = 100
"""A part has at most this fraction of ``logs_size`` as text, about twice that on disk with its
index: what goes for want of room goes by parts in the end."""
LONGEST: Final = 86_400.0
"""Seconds that a part takes in lines: words of deleted ones are in the index for as long."""
SOURCES: Final = 500
"""Sources and places that are forgotten at a time."""
_log = logging.getLogger(__name__)


class LogUpkeep:
    """Keeps ``logs.db`` within ``logs_retention`` and ``logs_size``."""

    def __init__(
        self, database: Database, settings: Callable[[], HubSettings], clock: Clock
    ) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self.used = 0
        """Bytes of the file that hold something, as of the last look."""

    async def run(self) -> None:
        """Look after it for as long as the hub runs."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.once()
            except ChatOpsError as error:
                _log.error("old log lines cannot be removed: %s", error.message)

    async def once(self) -> None:
        """Do what is to be done now."""
        await self._database.transact(self._close_part)
        more = True
        while more:
            more = await self._database.transact(self._step)
            await asyncio.sleep(PAUSE)
        await self._database.transact(self._forget)
        self.used = await self._database.look(log_entries.used)

    async def of_server(self, server_id: str, limit: int) -> int:
        """Delete at most ``limit`` lines of a removed server; fewer when it was all."""

        def step(tx: Transaction) -> int:
            server = log_keys.find(tx, [server_id]).get(server_id)
            met = 0
            if server is not None:
                met = _lines_of(tx, server, limit)
                if met < limit:
                    log_keys.forget_server(tx, server)
            log_positions.delete_for_server(tx, server_id)
            return met

        return await self._database.transact(step)

    # -- in the writer's thread ---------------------------------------------------------------

    def _close_part(self, tx: Transaction) -> None:
        """A part that is full or has lasted long enough takes no more lines; nor does one that was
        begun by a clock which was ahead: it would last until that time comes."""
        most, now = self._settings().logs_size / SHARE, self._clock.now()
        for part in _parts(tx):
            if part.state == "open" and (part.size >= most or abs(now - part.began_at) >= LONGEST):
                log_parts.set_state(tx, part, "closed")

    def _step(self, tx: Transaction) -> bool:
        """Work for HOLD seconds; whether there may be more to do."""
        until = time.monotonic() + HOLD
        return any(time.monotonic() >= until for _ in self._bites(tx))

    def _bites(self, tx: Transaction) -> Iterator[None]:
        """Everything that is to be done, a little at a time: first room that can be had back, then
        what is too old, what is too much, and at last a tidier index."""
        yield from _drop(tx)
        yield from self._too_old(tx)
        yield from self._too_much(tx)
        yield from _merge(tx)

    def _too_old(self, tx: Transaction) -> Iterator[None]:
        """Lines received before a part that is too old itself are so as well, whatever the clock
        said when they came."""
        before = self._clock.now() - self._settings().logs_retention
        old = [part for part in _parts(tx) if part.began_at < before]
        if old:
            end = log_entries.first_since(tx, old[-1].first_id, old[-1].end, before)
            while log_entries.delete_before(tx, end, BITE):
                yield
            yield from _drop(tx)

    def _too_much(self, tx: Transaction) -> Iterator[None]:
        end = log_entries.next_id(tx)
        while log_entries.used(tx) > self._settings().logs_size:
            if not log_entries.delete_before(tx, end, BITE):
                return
            yield
            yield from _drop(tx)

    def _forget(self, tx: Transaction) -> None:
        """Places and sources of lines that are gone."""
        log_positions.delete_before(
            tx, self._clock.now() - self._settings().logs_retention, SOURCES
        )
        # Of lines whose order is not that of their times, as a clock was set, the parts tell more
        # than the first one: none is older than its part by more than that may last.
        oldest = min([self._clock.now(), *(part.began_at for part in _parts(tx))])
        log_keys.forget_sources(tx, oldest - LONGEST - 2 * log_keys.FRESH, SOURCES)


def _parts(tx: Transaction) -> list[Part]:
    return log_parts.parts(tx, log_entries.next_id(tx))


def _drop(tx: Transaction) -> Iterator[None]:
    """Parts whose lines are all gone."""
    oldest = log_entries.oldest(tx)
    for part in _parts(tx):
        if oldest is not None and part.end > oldest[0]:
            return
        log_parts.set_state(tx, part, "leaving")
        while not log_parts.drop(tx, part, PAGES):
            yield


def _merge(tx: Transaction) -> Iterator[None]:
    """Closed parts, which then have one piece to look into."""
    for part in _parts(tx):
        if part.state == "closed":
            while not log_parts.merge(tx, part, PAGES):
                yield
            log_parts.set_state(tx, part, "merged")


def _lines_of(tx: Transaction, server: int, limit: int) -> int:
    """Delete lines of a server for HOLD seconds; ``limit`` if there may be more."""
    until, met = time.monotonic() + HOLD, 0
    while met < limit:
        some = min(BITE, limit - met)
        found = log_entries.delete_for_server(tx, server, some)
        met += found
        if not found:
            return met
        if time.monotonic() >= until:
            return limit
    return limit
