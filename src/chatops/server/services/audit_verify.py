"""Walks the whole audit trail and says whether it holds: a page at a time, each read and checked
in the thread of a reader's connection, so that neither the hub nor its memory feels it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from chatops.errors import Busy
from chatops.protocol.rest import AuditVerdict
from chatops.server.crud import audit as crud
from chatops.server.db.engine import Database
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.audit import entry_of, pruned
from chatops.server.services.audit_chain import ChainCheck, Entry
from chatops.server.services.audit_head import HeadFile, NoAnchor

UNANCHORED: Final = "audit.anchor"
"""The action of the record that a hub writes which finds no anchor at its start."""
PAGE: Final = 200
_WARNINGS: Final = 20


@dataclass
class _Walk:
    """One verification under way."""

    key: bytes
    check: ChainCheck
    at: int = 0
    first: Entry | None = None
    last: tuple[Entry, str] | None = None
    warnings: list[str] = field(default_factory=list)

    def page(self, tx: Transaction) -> bool:
        """Check the next records; whether there may be more."""
        rows = crud.after(tx, self.at, limit=PAGE)
        for entry, digest in map(entry_of, rows):
            if self.check.missing(entry):  # a removal may have begun since
                self.check.pruned = max(self.check.pruned, pruned(tx, self.key))
            if not self.check.take(entry, digest):
                return False
            self._passed(entry, digest)
        return len(rows) == PAGE

    def _passed(self, entry: Entry, digest: str) -> None:
        self.first = self.first or entry
        self.last, self.at = (entry, digest), entry.id
        if entry.action == UNANCHORED and len(self.warnings) < _WARNINGS:
            self.warnings.append(
                f"at {entry.ts} the hub started with its head anchor {entry.outcome}: whether "
                f"records had been cut off before {entry.id} cannot be told"
            )


class AuditVerifier:
    """Verifies the trail of a database against its chain and its head anchor."""

    def __init__(self, database: Database, key: bytes, heads: HeadFile) -> None:
        self._database = database
        self._key = key
        self._heads = heads
        self._busy = False

    async def verify(self) -> AuditVerdict:
        """Walk the whole chain, up to the records that come meanwhile.

        Raises:
            Busy: somebody else's walk is under way.
        """
        if self._busy:
            raise Busy("the audit trail is being verified already")
        self._busy = True
        try:
            return await self._verify()
        finally:
            self._busy = False

    async def _verify(self) -> AuditVerdict:
        doubt: NoAnchor | None = None
        check = ChainCheck(self._key)
        anchor = None
        try:
            anchor = await asyncio.to_thread(self._heads.read)
            check = ChainCheck(self._key, head=anchor.head)
        except NoAnchor as error:
            doubt = error
        walk = _Walk(self._key, check)
        async with self._database.read() as session:
            check.pruned = await in_session(session, lambda tx: pruned(tx, self._key))
        more = True
        while more:
            async with self._database.read() as session:
                more = await in_session(session, walk.page)
        fault = check.finish()
        empty = walk.last is None and fault is None
        reason = fault.reason if fault else doubt.message if doubt and not empty else None
        first, last = walk.first, walk.last
        return AuditVerdict(
            ok=reason is None,
            records=check.count,
            first_id=first.id if first else None,
            first_ts=first.ts if first else None,
            last_id=last[0].id if last else None,
            last_ts=last[0].ts if last else None,
            last_hash=last[1] if last else None,
            pruned_through=check.pruned.id or None,
            anchor_id=anchor.id if anchor else None,
            fault_id=fault.id if fault else None,
            missing_through=fault.through if fault else None,
            reason=reason,
            warnings=walk.warnings,
        )
