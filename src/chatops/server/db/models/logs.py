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


class LogPosition(LogsModel, table=True):
    """Up to which place the lines of an epoch are stored; ``at`` is when that last changed."""

    __tablename__ = "log_positions"
    __table_args__ = (Index(None, "server_id", "at"),)

    server_id: str = Field(primary_key=True)
    epoch: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInt)
    at: float = Field(index=True)
