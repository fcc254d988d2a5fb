"""What happened: events, log entries, the audit trail; and how the hub is."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from chatops.protocol.rest.common import Timestamp

LogLevel = Literal["debug", "info", "warning", "error", "critical"]


class Event(Struct, kw_only=True):
    """A connection's beginning or end: connected, disconnected, refused, replaced."""

    server: str | None
    event: str
    ts: Timestamp
    address: str | None
    reason: str | None


class LogEntry(Struct, kw_only=True):
    server: str | None
    ts: Timestamp
    level: str
    source: str
    message: str


class AuditRecord(Struct, kw_only=True):
    id: int
    ts: Timestamp
    user: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    hash: str


class ChainedRecord(Struct, kw_only=True):
    """A whole record of the audit trail: all that its hash covers, and the hash."""

    id: int
    ts: Timestamp
    user_id: str | None
    user: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    prev_hash: str
    hash: str


class AuditVerdict(Struct, kw_only=True):
    """Whether the audit trail holds. ``records`` were found right, up to ``last_id``; then
    ``fault_id`` is the first that is wrong, or missing (to ``missing_through``), ``reason`` why.

    ``pruned_through`` is the last record that was removed as too old, ``anchor_id`` the newest
    that the head anchor beside the database knows.
    """

    ok: bool
    records: int
    first_id: int | None
    first_ts: Timestamp | None
    last_id: int | None
    last_ts: Timestamp | None
    last_hash: str | None
    pruned_through: int | None
    anchor_id: int | None
    fault_id: int | None
    missing_through: int | None
    reason: str | None
    warnings: list[str]


class ServerCounts(Struct, kw_only=True):
    total: int
    online: int
    offline: int
    never: int


class AlertCounts(Struct, kw_only=True):
    firing: int
    pending: int


class ExpiringKey(Struct, kw_only=True):
    """An agent's key that expires within 14 days and can still be used."""

    id: str
    server: str
    name: str
    expires_at: Timestamp


class SharedKey(Struct, kw_only=True):
    """A server whose identity two agents used within the last hour. ``agents`` are the names and
    addresses of their hosts, ``ts`` is when that was last seen."""

    server: str
    ts: Timestamp
    agents: list[str]


class Status(Struct, kw_only=True):
    """``warnings``: what an administrator should look after; none for others."""

    version: str
    url: str
    uptime_s: float
    servers: ServerCounts
    alerts: AlertCounts
    warnings: list[str] = []
    keys_expiring: list[ExpiringKey] = []
    keys_shared: list[SharedKey] = []


class Health(Struct, kw_only=True):
    status: Literal["ok"]
    version: str
    registration: Literal["closed", "open"]
