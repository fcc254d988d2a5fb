"""Closed samples in ``metrics.db``: series, chunks, levels, and what belongs to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple, TypedDict

import msgspec
from sqlalchemy import Text, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import col

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

_encode: Final = msgspec.json.Encoder().encode


class Series(NamedTuple):
    id: int
    name: str
    scale: int | None
    last_at: float


class NewSeries(TypedDict):
    server_id: str
    name: str
    unit: str
    scale: int | None
    last_at: float


class NewChunk(TypedDict):
    server_id: str
    first_ms: int
    last_ms: int
    samples: int
    series: str
    data: bytes


class LevelRow(TypedDict):
    series_id: int
    step: int
    start: int
    cells: str


class Epoch(TypedDict):
    server_id: str
    epoch: str
    numbers: str
    last_at: float


class Latest(TypedDict):
    server_id: str
    ts: float
    skew: float | None
    sample: bytes


class NewGap(TypedDict):
    """``samples`` of an agent from ``first_seq`` to ``last_seq`` are lost, from ``since`` to
    ``until``."""

    server_id: str
    epoch: str
    first_seq: int
    last_seq: int
    since: float
    until: float
    samples: int
    reason: str


_listed = func.json_each(bindparam("ids", type_=Text)).table_valued("value").c.value
_level = MetricLevel
_new_level = upsert(MetricLevel)
_new_epoch = upsert(MetricEpoch)
_new_latest = upsert(MetricLatest)

_SERIES: Final = Statement(
    select(*(getattr(MetricSeries, name) for name in Series._fields)).where(
        col(MetricSeries.server_id) == bindparam("server_id")
    )
)
_ADD_SERIES: Final = Statement(
    upsert(MetricSeries).on_conflict_do_nothing(), NewSeries.__annotations__
)
_SEEN: Final = Statement(
    update(MetricSeries)
    .where(col(MetricSeries.id).in_(select(_listed)))
    .values(last_at=bindparam("at"))
)
_ADD_CHUNK: Final = Statement(insert(MetricChunk), NewChunk.__annotations__)
_CELLS: Final = Statement(
    select(col(_level.series_id), col(_level.cells)).where(
        col(_level.series_id).in_(select(_listed)),
        col(_level.step) == bindparam("step"),
        col(_level.start) == bindparam("start"),
    )
)
_PUT_LEVEL: Final = Statement(
    _new_level.on_conflict_do_update(
        index_elements=["series_id", "step", "start"], set_={"cells": _new_level.excluded.cells}
    ),
    LevelRow.__annotations__,
)
_PUT_EPOCH: Final = Statement(
    _new_epoch.on_conflict_do_update(
        index_elements=["server_id", "epoch"],
        set_={"numbers": _new_epoch.excluded.numbers, "last_at": _new_epoch.excluded.last_at},
    ),
    Epoch.__annotations__,
)
_PUT_LATEST: Final = Statement(
    _new_latest.on_conflict_do_update(
        index_elements=["server_id"],
        set_={name: getattr(_new_latest.excluded, name) for name in ("ts", "skew", "sample")},
        where=col(MetricLatest.ts) <= _new_latest.excluded.ts,
    ),
    Latest.__annotations__,
)
_ADD_GAP: Final = Statement(insert(MetricGap), NewGap.__annotations__)
_GAPS: Final = Statement(
    select(
        col(MetricGap.server_id),
        col(MetricGap.epoch),
        col(MetricGap.first_seq),
        col(MetricGap.last_seq),
    )
)
_EPOCHS: Final = Statement(
    select(col(MetricEpoch.server_id), col(MetricEpoch.epoch), col(MetricEpoch.numbers))
)
_LATEST: Final = Statement(
    select(*(getattr(MetricLatest, name) for name in Latest.__annotations__)).where(
        col(MetricLatest.server_id) == bindparam("server_id")
    )
)
_ALL_LATEST: Final = Statement(
    select(*(getattr(MetricLatest, name) for name in Latest.__annotations__))
)


def series_of(tx: Transaction, server_id: str) -> list[Series]:
    """All series of a server."""
    return [Series(*row) for row in tx.all(_SERIES, {"server_id": server_id})]


def add_series(tx: Transaction, rows: Iterable[NewSeries]) -> None:
    """Make series; those that are there stay as they are."""
    tx.run_all(_ADD_SERIES, rows)


def touch_series(tx: Transaction, ids: Sequence[int], at: float) -> None:
    """These series have values at that time."""
    tx.run(_SEEN, {"ids": _encode(ids).decode(), "at": at})


def add_chunk(tx: Transaction, chunk: NewChunk) -> None:
    """Store closed samples."""
    tx.run(_ADD_CHUNK, chunk)


def cells_of(tx: Transaction, series: Sequence[int], step: int, start: int) -> dict[int, str]:
    """The cells of those series that have any in a row of a level."""
    values = {"ids": _encode(series).decode(), "step": step, "start": start}
    return dict(tx.all(_CELLS, values))


def put_levels(tx: Transaction, rows: Iterable[LevelRow]) -> None:
    """Make rows of levels, or replace their cells."""
    tx.run_all(_PUT_LEVEL, rows)


def put_epochs(tx: Transaction, rows: Iterable[Epoch]) -> None:
    """Note which numbers of epochs are stored."""
    tx.run_all(_PUT_EPOCH, rows)


def put_latest(tx: Transaction, row: Latest) -> None:
    """Keep a sample as a server's newest closed one, if it is."""
    tx.run(_PUT_LATEST, row)


def add_gaps(tx: Transaction, rows: Sequence[NewGap]) -> None:
    """Note what agents lost."""
    tx.run_all(_ADD_GAP, rows)


def all_gaps(tx: Transaction) -> list[tuple[str, str, int, int]]:
    """Server, epoch, first and last number of everything that is known to be lost."""
    rows = tx.all(_GAPS)
    return [(server, epoch, first, last) for server, epoch, first, last in rows]


def all_epochs(tx: Transaction) -> list[tuple[str, str, str]]:
    """Server, epoch and numbers of all that is known."""
    return [(server, epoch, numbers) for server, epoch, numbers in tx.all(_EPOCHS)]


def latest_of(tx: Transaction, server_id: str) -> Latest | None:
    """The newest closed sample of a server."""
    row = tx.first(_LATEST, {"server_id": server_id})
    return _latest(row) if row else None


def all_latest(tx: Transaction) -> list[Latest]:
    """The newest closed sample of each server."""
    return [_latest(row) for row in tx.all(_ALL_LATEST)]


def _latest(row: tuple[Any, ...]) -> Latest:
    server_id, ts, skew, sample = row
    return Latest(server_id=server_id, ts=ts, skew=skew, sample=sample)
