"""Shipped log lines and the hub's own events, in ``logs.db``.

Lines come in thousands a second, so what repeats stands in tables of its own and lines have small
numbers: servers, sources, levels. The index of words is SQLite's own affair and in no model: a
table ``log_search_N`` for each part, N being the part's ``first_id``.
"""

from typing import Literal

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from chatops.server.db.models.base import BigInt, LogsModel, Word

PartState = Literal["open", "closed", "merged", "leaving"]


class LogEntryRow(LogsModel, table=True):
    """One line. ``ts`` is the line's own time, ``received_at`` counts for retention, both in
    milliseconds. ``server`` is a LogServer's id, 0 the hub itself; ``source`` a LogSource's;
    ``level`` 0 (debug) to 4 (critical). Ids rise in the order of commits.
    """

    __tablename__ = "log_entries"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server: int = Field(index=True, sa_type=BigInt)
    ts: int = Field(sa_type=BigInt)
    received_at: int = Field(sa_type=BigInt)
    level: int
    source: int = Field(sa_type=BigInt)
    message: str


class LogServer(LogsModel, table=True):
    """A server that has lines, and its number in them."""

    __tablename__ = "log_servers"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str = Field(unique=True)


class LogSource(LogsModel, table=True):
    """A source of a server, and its number in lines; ``last_at`` is when it was last used, to the
    hour."""

    __tablename__ = "log_sources"
    __table_args__ = (UniqueConstraint("server", "name"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server: int = Field(sa_type=BigInt)
    name: str
    last_at: float = Field(index=True)


class LogPart(LogsModel, table=True):
    """Lines from ``first_id`` on, up to the next part, that have an index of words of their own.

    Lines are added to the ``open`` one; a ``closed`` one is worked on until its index is in one
    piece (``merged``), and a ``leaving`` one has no lines any more. ``began_at`` is when the first
    line was received, ``size`` counts the bytes of the messages.
    """

    __tablename__ = "log_parts"

    first_id: int = Field(primary_key=True, sa_type=BigInt)
    began_at: float
    size: int = Field(sa_type=BigInt)
    state: PartState = Field(sa_type=Word)


class LogPosition(LogsModel, table=True):
    """Up to which place the lines of an epoch are stored; ``at`` is when that last changed."""

    __tablename__ = "log_positions"
    __table_args__ = (Index(None, "server_id", "at"),)

    server_id: str = Field(primary_key=True)
    epoch: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigInt)
    at: float = Field(index=True)
