"""Samples and what is made of them, in ``metrics.db``. docs/topics/metrics.md tells the whole."""

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from chatops.server.db.models.base import BigInt, MetricsModel


class MetricsRow(MetricsModel, table=True):
    """One sample as it came: the open raw window, in order of arrival, and closed ones that are not
    cleared away yet (see ``MetricClosed``).

    ``sample`` is a ``protocol.metrics.Sample`` as JSON; (server_id, epoch, seq) names it. There is
    no index by server: it would cost more than all else at each commit.
    """

    __tablename__ = "metrics"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    ts: float
    server_id: str
    epoch: str
    seq: int = Field(sa_type=BigInt)
    received_at: float
    skew: float | None = None
    sample: bytes


class MetricSeries(MetricsModel, table=True):
    """A METRIC name of a server. Values are kept multiplied by ``scale`` and rounded; without
    one as they are. ``last_at`` is when it was last closed into a chunk, about."""

    __tablename__ = "metric_series"
    __table_args__ = (UniqueConstraint("server_id", "name"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str
    name: str
    unit: str
    scale: int | None = Field(default=None, sa_type=BigInt)
    last_at: float


class MetricChunk(MetricsModel, table=True):
    """Closed raw samples of a server, taken from ``first_ms`` to ``last_ms`` (Unix time).

    ``series`` is a JSON list of the series whose columns follow that of the times in ``data``;
    see services/metrics/columns.py.
    """

    __tablename__ = "metric_chunks"
    __table_args__ = (Index(None, "server_id", "first_ms"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str
    first_ms: int = Field(sa_type=BigInt)
    last_ms: int = Field(sa_type=BigInt, index=True)
    samples: int
    series: str
    data: bytes


class MetricLevel(MetricsModel, table=True):
    """Cells of a series, ``step`` seconds each, from ``start`` on (Unix seconds);
    see services/metrics/cells.py."""

    __tablename__ = "metric_levels"
    __table_args__ = (
        UniqueConstraint("series_id", "step", "start"),
        Index(None, "step", "start"),
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    series_id: int = Field(sa_type=BigInt)
    step: int
    start: int = Field(sa_type=BigInt)
    cells: str


class MetricEpoch(MetricsModel, table=True):
    """The numbers of an epoch that are stored, or known to be lost, as JSON ranges."""

    __tablename__ = "metric_epochs"

    server_id: str = Field(primary_key=True)
    epoch: str = Field(primary_key=True)
    numbers: str
    last_at: float = Field(index=True)


class MetricLatest(MetricsModel, table=True):
    """The newest closed sample of a server, whole."""

    __tablename__ = "metric_latest"

    server_id: str = Field(primary_key=True)
    ts: float
    skew: float | None = None
    sample: bytes


class MetricClosed(MetricsModel, table=True):
    """Up to which row a server's samples are closed: those of them that still are in ``metrics``
    do not count any more."""

    __tablename__ = "metric_closed"
    __table_args__ = ({"sqlite_with_rowid": False},)

    server_id: str = Field(primary_key=True)
    row_id: int = Field(sa_type=BigInt)


class MetricGap(MetricsModel, table=True):
    """Samples that an agent took and lost: ``samples`` of them, between two times."""

    __tablename__ = "metric_gaps"
    __table_args__ = (Index(None, "server_id", "until"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str
    epoch: str
    first_seq: int = Field(sa_type=BigInt)
    last_seq: int = Field(sa_type=BigInt)
    since: float
    until: float = Field(index=True)
    samples: int = Field(sa_type=BigInt)
    reason: str
