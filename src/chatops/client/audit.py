"""The audit trail: who did what, when, from where (admin only)."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.events import moment
from chatops.client.session import Session
from chatops.protocol.rest import AuditRecord, AuditVerdict, ChainedRecord, Page

_PAGE = 500


class Audit:
    """``client.audit``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        user: str | None = None,
        action: str | None = None,
        target: str | None = None,
        outcome: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int | None = None,
    ) -> Iterator[AuditRecord]:
        """Records newest first. ``action`` is how the action begins, ``target`` what the target has
        in it, ``outcome`` is one or "bad"; ``since`` and ``until`` are Unix seconds."""
        query = {
            "user": user, "action": action, "target": target, "outcome": outcome,
            "since": moment(since), "until": moment(until),
        }  # fmt: skip
        return self._session.pages("/audit", Page[AuditRecord], query=query, limit=limit)

    def verify(self) -> AuditVerdict:
        """Have the hub check the whole trail; it takes about 25 s a million records."""
        return self._session.call("GET", "/audit/verify", AuditVerdict, patient=True)

    def export(self) -> Iterator[ChainedRecord]:
        """All records with their hashes, oldest first, page after page."""
        return self._session.pages("/audit/export", Page[ChainedRecord], page_size=_PAGE)
