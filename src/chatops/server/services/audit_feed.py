"""What happens to the audit trail after its commits: the head anchor moves on, and copies go where
the settings say. Both follow the database a moment later, so that no operation waits for them and
nothing that was undone is told."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from chatops.errors import ChatOpsError
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.audit_head import Anchor, HeadFile, NoAnchor
from chatops.server.services.audit_sinks import Sink, reason
from chatops.server.services.audit_verify import UNANCHORED
from chatops.text import counted

PACE: Final = 0.2
"""Seconds between looks for new records."""
_SLOWEST: Final = 30.0
_LAST_WORDS: Final = 5.0
"""Seconds that a copy has for its last records when the hub stops."""
_log = logging.getLogger(__name__)


class Feed:
    """Brings one copy up to date, and keeps at it when the sink fails: it goes on from the record
    that the sink did not take."""

    def __init__(self, audit: AuditService, sink: Sink, position: int) -> None:
        self._audit = audit
        self._sink = sink
        self.position = position
        self.failing: str | None = None
        self._pause = PACE

    @property
    def name(self) -> str:
        """The sink's."""
        return self._sink.name

    async def run(self) -> None:
        """Follow the trail for as long as the hub runs."""
        while True:
            await asyncio.sleep(self._pause)
            await self.catch_up()

    async def catch_up(self) -> None:
        """Hand over all that is committed, if the sink takes it."""
        try:
            while self.position < self._audit.head.id and await self._step():
                pass
        except OSError as error:
            self._failed(reason(error))
        except ChatOpsError as error:
            self._failed(error.message)
        else:
            self._works()

    async def close(self) -> None:
        """The hub stops: a last try, and no more."""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self.catch_up()
        except TimeoutError:
            self._failed("it does not take what is left")
        await asyncio.to_thread(self._sink.close)

    async def _step(self) -> bool:
        records = await self._audit.after(self.position, self._sink.batch)
        if not records:
            return False
        if records[0][0].id > self.position + 1:
            gone = records[0][0].id - self.position - 1
            _log.error("%s misses %d audit records that are gone here", self.name, gone)
        await asyncio.to_thread(self._sink.write, records)
        self.position = records[-1][0].id
        return True

    def _failed(self, why: str) -> None:
        if self.failing is None:
            _log.error("the audit trail cannot be copied to %s: %s", self.name, why)
        self.failing = why
        self._pause = min(self._pause * 2, _SLOWEST)

    def _works(self) -> None:
        if self.failing is not None:
            _log.info("the audit trail is copied to %s again", self.name)
        self.failing, self._pause = None, PACE


class AuditTail:
    """Keeps the head anchor behind the newest committed record, and the positions of the copies.
    Without ``sinks`` (None), as for who stands in for a hub, these stay where the hub left them."""

    def __init__(self, audit: AuditService, heads: HeadFile, sinks: Sequence[Sink] | None) -> None:
        self._audit = audit
        self._heads = heads
        self._sinks = sinks
        self._left: dict[str, int] = {}
        self._written: Anchor | None = None
        self._failing: str | None = None
        self.feeds: list[Feed] = []

    async def start(self) -> None:
        """Compare the anchor with the database; what it knows and the database has not stays
        missing for good, because the next record follows what it knows."""
        head = await self._audit.newest()
        try:
            anchor = await asyncio.to_thread(self._heads.read)
        except NoAnchor as error:
            anchor = Anchor(*head)
            if head.id:
                _log.error("%s", error.message)
                detail = {"newest": head.id}
                await self._audit.record_alone(
                    Origin(None), UNANCHORED, outcome=error.outcome, detail=detail
                )
        if anchor.id > head.id:
            _log.error("audit records %d to %d are gone", head.id + 1, anchor.id)
        self._audit.head = anchor.head if anchor.id > head.id else head
        self._audit.noted = max(self._audit.noted, self._audit.head.id)
        if self._sinks is None:
            self._left = anchor.copies
        for sink in self._sinks or ():
            position = anchor.copies.get(sink.name, anchor.id)
            self.feeds.append(Feed(self._audit, sink, position))
        await self.move_on()

    async def run(self) -> None:
        """Follow the trail for as long as the hub runs."""
        while True:
            await asyncio.sleep(PACE)
            try:
                await self.move_on()
            except ChatOpsError as error:
                _log.error("the audit trail cannot be followed: %s", error.message)

    async def move_on(self) -> None:
        """Anchor what is committed by now."""
        if self._audit.noted > self._audit.head.id:
            newest = await self._audit.newest()
            if newest.id > self._audit.head.id:
                self._audit.head = newest
        copies = self._left | {feed.name: feed.position for feed in self.feeds}
        anchor = Anchor(*self._audit.head, copies)
        if anchor != self._written:
            await self._write(anchor)

    async def close(self) -> None:
        """The hub stops, and nothing is recorded any more."""
        await self.move_on()
        for feed in self.feeds:
            await feed.close()
        await self.move_on()

    def warnings(self) -> list[str]:
        """What does not work now, for administrators."""
        found = []
        if self._failing:
            found.append(f"the head anchor of the audit cannot be written: {self._failing}")
        for feed in self.feeds:
            if feed.failing:
                waiting = self._audit.head.id - feed.position
                found.append(
                    f"the audit trail is not copied to {feed.name}: {feed.failing}; "
                    f"not yet copied: {counted(waiting, 'record')}"
                )
        return found

    async def _write(self, anchor: Anchor) -> None:
        try:
            await asyncio.to_thread(self._heads.write, anchor)
        except OSError as error:
            if self._failing is None:
                _log.error("the head anchor of the audit cannot be written: %s", error.strerror)
            self._failing = reason(error)
        else:
            self._written, self._failing = anchor, None
