"""AuditService: who did what, from where, on what, with what outcome, in a chain (audit_chain)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.protocol.rest import AuditRecord, ChainedRecord, Page
from chatops.server.crud import audit as crud
from chatops.server.crud import paging
from chatops.server.db.engine import Database
from chatops.server.db.models import AuditLog
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.access import Principal, UsedToken
from chatops.server.services.audit_chain import START, Entry, Head, is_genuine, seal
from chatops.units import format_time

_log = logging.getLogger(__name__)
PRUNE: Final = "audit.prune"
DAY: Final = 86_400.0
_PRUNES: Final = 100
"""Records of prunes that are looked at for the newest one that is genuine."""
_PAGE_BYTES: Final = 4 * 1024 * 1024
"""Text on one page of whole records: a command may be 128 KiB long."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose doing something is: the account, if one is known, its API token, if one was shown,
    and the address."""

    address: str | None
    user_id: str | None = None
    user_name: str | None = None
    token: UsedToken | None = None

    @classmethod
    def of(cls, principal: Principal, address: str | None) -> Origin:
        """The origin of what a signed-in caller does."""
        return cls(address, principal.user_id, principal.name, principal.token)


class AuditService:
    """Writes the trail and reads it.

    ``head`` is the newest record that is known to be committed, also from before a restart: the
    next one follows it even if it was removed from the database meanwhile, so that the gap
    stays. ``noted`` is the highest id that was given out, committed or not.
    """

    def __init__(self, database: Database, key: str, clock: Clock) -> None:
        self._database = database
        self.key = bytes.fromhex(key)
        self._clock = clock
        self.head = START
        self.noted = 0

    # -- writing ----------------------------------------------------------------------

    async def record(
        self,
        session: AsyncSession,
        origin: Origin,
        action: str,
        target: str | None = None,
        *,
        outcome: str = "ok",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """``note`` for the transaction of a session, which must be of the one writer."""
        await in_session(
            session,
            lambda tx: self.note(tx, origin, action, target, outcome=outcome, detail=detail),
        )

    def note(
        self,
        tx: Transaction,
        origin: Origin,
        action: str,
        target: str | None = None,
        *,
        outcome: str = "ok",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a record in the caller's transaction: it stands if, and only if, that commits.

        That there is one writer keeps the chain in order.
        """
        if origin.token is not None:
            named = {"token": origin.token.name, "token_id": origin.token.id}
            detail = {**(detail or {}), **named}
        newest = Head(*(crud.newest(tx) or START))
        before = newest if newest.id > self.head.id else self.head
        ts = round(self._clock.now(), 3)
        entry = Entry(
            id=before.id + 1,
            ts=format_time(ts),
            user_id=origin.user_id,
            user=origin.user_name,
            action=action,
            target=storable(target) if target is not None else None,
            outcome=outcome,
            address=origin.address,
            detail=dict(detail) if detail else None,
            prev_hash=before.hash,
        )
        crud.append(tx, _new_record(entry, ts, seal(self.key, entry)))
        self.noted = max(self.noted, entry.id)

    async def record_alone(
        self,
        origin: Origin,
        action: str,
        target: str | None = None,
        *,
        outcome: str = "ok",
        detail: Mapping[str, Any] | None = None,
    ) -> None:
        """Append a record in a transaction of its own, for what changed nothing (denials)."""
        await self._database.transact(
            lambda tx: self.note(tx, origin, action, target, outcome=outcome, detail=detail)
        )

    async def prune(self, before: float, limit: int) -> int:
        """Remove at most ``limit`` records that are older; how many it were.

        What goes is recorded first, with the hash of its last record, which the chain goes on
        from. A new removal begins once a day's worth is too old: it leaves a record itself.
        """

        def work(tx: Transaction) -> int:
            oldest, known = crud.oldest(tx), pruned(tx, self.key)
            if oldest is None or (oldest[0] > known.id and oldest[1] >= before - DAY):
                return 0
            if oldest[0] > known.id and (last := self._last_before(tx, before)):
                known = self._declare(tx, before, last)
            return crud.delete_through(tx, known.id, limit=limit)

        return await self._database.transact(work)

    # -- reading ----------------------------------------------------------------------

    async def page(
        self,
        *,
        user: str | None,
        action: str | None,
        target: str | None,
        outcome: str | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> Page[AuditRecord]:
        """Records newest first; what is asked for is as ``crud.list_page`` says."""
        async with self._database.read() as session:
            rows, after = await crud.list_page(
                session, user=user, action=action, target=target, outcome=outcome, since=since,
                until=until, limit=limit, cursor=cursor,
            )  # fmt: skip
        return Page(items=[to_record(row) for row in rows], next=after)

    async def export(self, *, limit: int, cursor: str | None) -> Page[ChainedRecord]:
        """Whole records, oldest first, as the chain's hashes cover them."""
        after = paging.decode(cursor, [int])[0] if cursor else 0
        found = await self.after(after, limit + 1)
        items, size = [], 0
        for entry, digest in found[:limit]:
            record = ChainedRecord(**entry._asdict(), hash=digest)
            size += len(msgspec.json.encode(record.detail))
            items.append(record)
            if size > _PAGE_BYTES:
                break
        more = len(found) > len(items)
        return Page(items=items, next=paging.encode([items[-1].id]) if more else None)

    async def after(self, record_id: int, limit: int) -> list[tuple[Entry, str]]:
        """The next committed records above an id, oldest first, with their hashes."""
        async with self._database.read() as session:
            rows = await in_session(session, lambda tx: crud.after(tx, record_id, limit=limit))
        return [entry_of(row) for row in rows]

    async def newest(self) -> Head:
        """The newest record that is committed."""
        async with self._database.read() as session:
            return Head(*(await in_session(session, crud.newest) or START))

    def _last_before(self, tx: Transaction, before: float) -> Head | None:
        """The last record that is too old: a genuine one, or somebody who makes records look old
        could have them removed, and that they were changed with them."""
        row = crud.newest_before(tx, before)
        if row is None:
            return None
        entry, digest = entry_of(row)
        if not is_genuine(self.key, entry, digest):
            _log.error("no audit records are removed: record %d was changed", entry.id)
            return None
        return Head(entry.id, digest)

    def _declare(self, tx: Transaction, before: float, head: Head) -> Head:
        detail = {"through": head.id, "hash": head.hash, "before": format_time(before)}
        self.note(tx, Origin(None), PRUNE, detail=detail)
        return head


def entry_of(row: crud.Row) -> tuple[Entry, str]:
    """A row of the table as what the chain covers, and its hash. What somebody else put there
    in place of a number or of JSON is taken as something that no hash is right for."""
    ts = format_time(row[1]) if isinstance(row[1], float | int) else repr(row[1])
    detail = row[8]
    with suppress(ValueError, RecursionError):
        detail = json.loads(detail) if detail is not None else None
    return Entry._make((row[0], ts, *row[2:8], detail, row[9])), row[10]


def pruned(tx: Transaction, key: bytes) -> Head:
    """The last record that was removed on purpose, as the newest genuine record of it says."""
    for row in crud.of_action(tx, PRUNE, limit=_PRUNES):
        entry, digest = entry_of(row)
        if entry.detail is not None and is_genuine(key, entry, digest):
            return Head(entry.detail["through"], entry.detail["hash"])
    return START


def to_record(row: AuditLog) -> AuditRecord:
    """A row as the API shows it."""
    assert row.id is not None
    return AuditRecord(
        id=row.id,
        ts=format_time(row.ts),
        user=row.user_name,
        action=row.action,
        target=row.target,
        outcome=row.outcome,
        address=row.address,
        detail=row.detail,
        hash=row.hash,
    )


def _new_record(entry: Entry, ts: float, digest: str) -> crud.NewRecord:
    return crud.NewRecord(
        id=entry.id,
        ts=ts,
        user_id=entry.user_id,
        user_name=entry.user,
        action=entry.action,
        target=entry.target,
        outcome=entry.outcome,
        address=entry.address,
        detail=entry.detail,
        prev_hash=entry.prev_hash,
        hash=digest,
    )


def storable(text: str) -> str:
    """Text as a database takes it: what came as no UTF-8 in a request's path is replaced."""
    return text.encode("utf-8", "replace").decode()
