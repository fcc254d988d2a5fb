"""Deleting what is too old of ``metrics.db``, or of a server that is gone; some rows at a time."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from sqlalchemy import bindparam, delete, exists, select
from sqlmodel import SQLModel, col

from chatops.server.db.models import (
    MetricChunk,
    MetricEpoch,
    MetricGap,
    MetricLatest,
    MetricLevel,
    MetricSeries,
)
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_LIMIT: Final[Any] = bindparam("limit")


def _some(model: type[SQLModel], key: Any, *conditions: Any) -> Statement:
    return Statement(delete(model).where(key.in_(select(key).where(*conditions).limit(_LIMIT))))


_before: Any = bindparam("before")
_server: Any = bindparam("server_id")
_of_server = select(col(MetricSeries.id)).where(col(MetricSeries.server_id) == _server)
_has_levels = exists().where(col(MetricLevel.series_id) == col(MetricSeries.id))

_CHUNKS: Final = _some(MetricChunk, col(MetricChunk.id), col(MetricChunk.last_ms) < _before)
_LEVEL: Final = _some(
    MetricLevel, col(MetricLevel.id),
    col(MetricLevel.step) == bindparam("step"), col(MetricLevel.start) < _before,
)  # fmt: skip
_GAPS: Final = _some(MetricGap, col(MetricGap.id), col(MetricGap.until) < _before)
_SERIES: Final = _some(
    MetricSeries, col(MetricSeries.id), col(MetricSeries.last_at) < _before, ~_has_levels
)
_OLD_EPOCHS: Final = Statement(
    select(col(MetricEpoch.server_id), col(MetricEpoch.epoch))
    .where(col(MetricEpoch.last_at) < _before)
    .limit(_LIMIT)
)
_EPOCH: Final = Statement(
    delete(MetricEpoch).where(
        col(MetricEpoch.server_id) == _server, col(MetricEpoch.epoch) == bindparam("epoch")
    )
)
# In this order: levels are found by their series.
_FEW: Final = tuple(
    Statement(delete(model).where(col(model.server_id) == _server))
    for model in (MetricEpoch, MetricLatest)
)
_OF_SERVER: Final = (
    _some(MetricChunk, col(MetricChunk.id), col(MetricChunk.server_id) == _server),
    _some(MetricLevel, col(MetricLevel.id), col(MetricLevel.series_id).in_(_of_server)),
    _some(MetricSeries, col(MetricSeries.id), col(MetricSeries.server_id) == _server),
    _some(MetricGap, col(MetricGap.id), col(MetricGap.server_id) == _server),
)


class EpochName(NamedTuple):
    server_id: str
    epoch: str


def chunks_before(tx: Transaction, ms: int, limit: int) -> int:
    """Delete chunks that end before; answers how many, as all of these do."""
    return tx.run(_CHUNKS, {"before": ms, "limit": limit})


def level_before(tx: Transaction, step: int, start: int, limit: int) -> int:
    """Delete rows of a level that begin before."""
    return tx.run(_LEVEL, {"step": step, "before": start, "limit": limit})


def gaps_before(tx: Transaction, ts: float, limit: int) -> int:
    """Delete gaps that end before."""
    return tx.run(_GAPS, {"before": ts, "limit": limit})


def series_before(tx: Transaction, ts: float, limit: int) -> int:
    """Delete series that have had no values since, and of which nothing is left."""
    return tx.run(_SERIES, {"before": ts, "limit": limit})


def epochs_before(tx: Transaction, ts: float, limit: int) -> list[EpochName]:
    """Delete epochs that nothing has come of since; which they were."""
    found = [EpochName(*row) for row in tx.all(_OLD_EPOCHS, {"before": ts, "limit": limit})]
    tx.run_all(_EPOCH, [one._asdict() for one in found])
    return found


def of_server(tx: Transaction, server_id: str, limit: int) -> int:
    """Delete some of everything that is closed of a server."""
    for statement in _FEW:
        tx.run(statement, {"server_id": server_id})
    met = 0
    for statement in _OF_SERVER:
        if met < limit:
            met += tx.run(statement, {"server_id": server_id, "limit": limit - met})
    return met
