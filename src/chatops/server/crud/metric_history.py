"""Reading history in ``metrics.db``: cells of levels, chunks, gaps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Text, bindparam, func, select
from sqlmodel import col

from chatops.server.db.models import MetricChunk, MetricGap, MetricLevel, MetricSeries
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_encode: Final = msgspec.json.Encoder().encode
_decode_ids: Final = msgspec.json.Decoder(list[int]).decode


class Named(NamedTuple):
    """A series by its name."""

    id: int
    name: str
    scale: int | None


class Chunk(NamedTuple):
    """Closed raw samples: the series of the columns after that of the times."""

    series: list[int]
    data: bytes


class Gap(NamedTuple):
    since: float
    until: float
    samples: int
    reason: str


_names = select(func.json_each(bindparam("names", type_=Text)).table_valued("value").c.value)
_level, _chunk, _gap = MetricLevel, MetricChunk, MetricGap
_NAMED: Final = Statement(
    select(col(MetricSeries.id), col(MetricSeries.name), col(MetricSeries.scale)).where(
        col(MetricSeries.server_id) == bindparam("server_id"), col(MetricSeries.name).in_(_names)
    )
)
_ALL: Final = Statement(
    select(col(MetricSeries.id), col(MetricSeries.name), col(MetricSeries.scale)).where(
        col(MetricSeries.server_id) == bindparam("server_id")
    )
)
_CELLS: Final = Statement(
    select(col(_level.start), col(_level.cells))
    .where(
        col(_level.series_id) == bindparam("series_id"),
        col(_level.step) == bindparam("step"),
        col(_level.start) >= bindparam("first"),
        col(_level.start) < bindparam("until"),
    )
    .order_by(col(_level.start))
)
_CHUNKS: Final = Statement(
    select(col(_chunk.series), col(_chunk.data))
    .where(
        col(_chunk.server_id) == bindparam("server_id"),
        col(_chunk.first_ms) >= bindparam("first"),
        col(_chunk.first_ms) < bindparam("until"),
        col(_chunk.last_ms) >= bindparam("since"),
    )
    .order_by(col(_chunk.first_ms))
)
_GAPS: Final = Statement(
    select(*(getattr(_gap, name) for name in Gap._fields))
    .where(
        col(_gap.server_id) == bindparam("server_id"),
        col(_gap.until) >= bindparam("since"),
        col(_gap.since) < bindparam("until"),
    )
    .order_by(col(_gap.since))
)


def series(tx: Transaction, server_id: str, names: Sequence[str] | None = None) -> list[Named]:
    """The series of a server that have one of these names, or all."""
    if names is None:
        return [Named(*row) for row in tx.all(_ALL, {"server_id": server_id})]
    values = {"server_id": server_id, "names": _encode(names).decode()}
    return [Named(*row) for row in tx.all(_NAMED, values)]


def cells(
    tx: Transaction, series_id: int, step: int, first: int, until: int
) -> list[tuple[int, str]]:
    """The rows of a level that begin from ``first`` on and before ``until``: start and cells."""
    values = {"series_id": series_id, "step": step, "first": first, "until": until}
    return [(start, text) for start, text in tx.all(_CELLS, values)]


def chunks(tx: Transaction, server_id: str, first: int, since: int, until: int) -> list[Chunk]:
    """The chunks that begin from ``first`` on and before ``until``, and end after ``since``
    (all in ms)."""
    values = {"server_id": server_id, "first": first, "since": since, "until": until}
    return [Chunk(_decode_ids(ids), data) for ids, data in tx.all(_CHUNKS, values)]


def gaps(tx: Transaction, server_id: str, since: float, until: float) -> list[Gap]:
    """What is known to be lost of a span, at least in part."""
    values = {"server_id": server_id, "since": since, "until": until}
    return [Gap(*row) for row in tx.all(_GAPS, values)]
