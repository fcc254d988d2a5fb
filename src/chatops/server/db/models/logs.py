"""Shipped log lines and the hub's own events, in ``logs.db``."""

from sqlalchemy import Index
from sqlmodel import Field

from chatops.server.db.models.base import BigInt, LogsModel


class LogEntryRow(LogsModel, table=True):
    """One line. ``ts`` is the line's own time, ``received_at`` counts for retention.

    ``server_id`` None is the hub itself.
    """

    __tablename__ = "log_entries"
    __table_args__ = (Index(None, "server_id", "ts"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str | None = None
    ts: float
    received_at: float = Field(index=True)
    level: str
    source: str
    message: str
