"""Samples, in ``metrics.db``. Only ``chatops.server.crud.metrics`` knows their form."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from chatops.server.db.models.base import BigInt, MetricsModel


class MetricsRow(MetricsModel, table=True):
    """One sample as it came, written time-first: rows of all servers in order of arrival.

    ``sample`` is a ``protocol.metrics.Sample`` as JSON; (server_id, epoch, seq) names it.
    """

    __tablename__ = "metrics"
    __table_args__ = (
        UniqueConstraint("server_id", "epoch", "seq"),
        Index(None, "server_id", "ts"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    ts: float = Field(index=True)
    server_id: str
    epoch: str
    seq: int = Field(sa_type=BigInt)
    received_at: float
    sample: bytes
