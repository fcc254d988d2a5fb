"""The open raw window of ``metrics.db``: samples as they came, until they are closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Text, bindparam, delete, func, insert, select
from sqlmodel import col

from chatops.server.db.models import MetricsRow
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_SCAN: Final = 5000
"""Rows that a walk through the window fetches at once."""
_encode: Final = msgspec.json.Encoder().encode


class NewSample(NamedTuple):
    """One sample as it came. ``sample`` is a protocol.metrics.Sample as JSON."""

    ts: float
    server_id: str
    epoch: str
    seq: int
    received_at: float
    skew: float | None
    sample: bytes


class OpenSample(NamedTuple):
    """A sample that is not closed: when it was taken, by the hub's clock, and what it says."""

    id: int
    epoch: str
    seq: int
    ts: float
    skew: float | None
    sample: bytes


class Waiting(NamedTuple):
    """What the hub remembers of an open sample."""

    id: int
    server_id: str
    epoch: str
    seq: int
    ts: float
    received_at: float


_row = MetricsRow
_ids = select(func.json_each(bindparam("ids", type_=Text)).table_valued("value").c.value)
_INSERT: Final = Statement(insert(MetricsRow), NewSample._fields)
_LAST: Final = Statement(select(func.max(col(_row.id))))
_ONES: Final = Statement(
    select(*(getattr(_row, name) for name in OpenSample._fields)).where(col(_row.id).in_(_ids))
)
_DELETE: Final = Statement(delete(_row).where(col(_row.id).in_(_ids)))
_WALK: Final = Statement(
    select(*(getattr(_row, name) for name in Waiting._fields))
    .where(col(_row.id) > bindparam("after"))
    .order_by(col(_row.id))
    .limit(bindparam("limit"))
)


def insert_many(tx: Transaction, rows: Sequence[NewSample]) -> list[int]:
    """Store samples; their ids, in the same order."""
    tx.run_tuples(_INSERT, rows)
    found = tx.first(_LAST)
    assert found is not None
    last: int = found[0]  # one writer: nobody else can have taken a number in between
    return list(range(last - len(rows) + 1, last + 1))


def by_ids(tx: Transaction, ids: Sequence[int]) -> list[OpenSample]:
    """Those of the samples that are open."""
    rows = tx.all(_ONES, {"ids": _encode(ids).decode()})
    return [OpenSample(*row) for row in rows]


def delete_ids(tx: Transaction, ids: Sequence[int]) -> int:
    """Delete samples; how many were there."""
    return tx.run(_DELETE, {"ids": _encode(ids).decode()})


def all_waiting(tx: Transaction) -> Iterator[Waiting]:
    """All open samples, in the order in which they came."""
    after = 0
    while rows := tx.all(_WALK, {"after": after, "limit": _SCAN}):
        yield from map(Waiting._make, rows)
        after = rows[-1][0]
