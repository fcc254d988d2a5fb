"""AuditService: who did what, from where, on what, with what outcome, in a chain.

Each record's hash is an HMAC over the record and its predecessor's hash, with a key that
lies outside the databases: without the key nobody can change, reorder or leave out a record
and have the chain still verify.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, cast

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.protocol.rest import AuditRecord, Page
from chatops.server.crud import audit as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import AuditLog
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.access import Principal, UsedToken
from chatops.units import format_time

GENESIS: Final = "0" * 64
"""What the first record names as its predecessor's hash."""


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


class _Entry(NamedTuple):
    """What a record's hash covers."""

    ts: float
    user_id: str | None
    user_name: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    prev_hash: str


class AuditService:
    """Writes the trail and checks it."""

    def __init__(self, database: Database, key: str, clock: Clock) -> None:
        self._database = database
        self._key = bytes.fromhex(key)
        self._clock = clock

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
        entry = _Entry(
            ts=self._clock.now(),
            user_id=origin.user_id,
            user_name=origin.user_name,
            action=action,
            target=target,
            outcome=outcome,
            address=origin.address,
            detail=dict(detail) if detail else None,
            prev_hash=crud.last_hash(tx) or GENESIS,
        )
        sealed = {**entry._asdict(), "hash": self._seal(entry)}
        crud.append(tx, cast("crud.NewRecord", sealed))

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

    async def page(
        self,
        *,
        user: str | None,
        action: str | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> Page[AuditRecord]:
        """Records newest first. ``action`` is how the action begins (``auth.``)."""
        async with self._database.read() as session:
            rows, after = await crud.list_page(
                session, user=user, action=action, since=since, until=until, limit=limit,
                cursor=cursor,
            )  # fmt: skip
        return Page(items=[to_record(row) for row in rows], next=after)

    async def verify(self) -> int | None:
        """Walk the whole chain. None when it holds, else the id of the first wrong record."""
        previous: str | None = None
        async with self._database.read() as session:
            async for row in crud.iterate(session):
                if previous is not None and row.prev_hash != previous:
                    return row.id
                if not hmac.compare_digest(self._seal(_entry_of(row)), row.hash):
                    return row.id
                previous = row.hash
        return None

    def _seal(self, entry: _Entry) -> str:
        text = json.dumps(entry._asdict(), sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def _entry_of(row: AuditLog) -> _Entry:
    return _Entry(**{name: getattr(row, name) for name in _Entry._fields})


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
