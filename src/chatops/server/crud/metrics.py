"""The open raw window of ``metrics.db``: samples as they came, until they are closed.

A row is closed by noting that its server's are, up to it: to delete each one where it lies would
write a page for it. What lies before everything that is open is deleted later, in one piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Text, bindparam, delete, exists, func, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import col

from chatops.server.db.models import MetricClosed, MetricsRow
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
_new_closed = upsert(MetricClosed)
_is_open = ~exists().where(
    col(MetricClosed.server_id) == col(_row.server_id), col(MetricClosed.row_id) >= col(_row.id)
)
_ids = select(func.json_each(bindparam("ids", type_=Text)).table_valued("value").c.value)
_INSERT: Final = Statement(insert(MetricsRow), NewSample._fields)
_LAST: Final = Statement(select(func.max(col(_row.id))))
_ONES: Final = Statement(
    select(*(getattr(_row, name) for name in OpenSample._fields)).where(
        col(_row.id).in_(_ids), _is_open
    )
)
_DELETE: Final = Statement(delete(_row).where(col(_row.id).in_(_ids)))
_CLOSE: Final = Statement(
    _new_closed.on_conflict_do_update(
        index_elements=["server_id"], set_={"row_id": _new_closed.excluded.row_id}
    ),
    ("server_id", "row_id"),
)
_FIRST: Final = Statement(select(func.min(col(_row.id))))
_CLEAR: Final = Statement(delete(_row).where(col(_row.id) < bindparam("before")))
_FORGET: Final = Statement(
    delete(MetricClosed).where(col(MetricClosed.row_id) < bindparam("before"))
)
_WALK: Final = Statement(
    select(*(getattr(_row, name) for name in Waiting._fields))
    .where(col(_row.id) > bindparam("after"), _is_open)
    .order_by(col(_row.id))
    .limit(bindparam("limit"))
)


def insert_many(tx: Transaction, rows: Sequence[NewSample]) -> list[int]:
    """Store samples; their ids, in the same order."""
    tx.run_tuples(_INSERT, rows)
    last = last_id(tx)  # one writer: nobody else can have taken a number in between
    return list(range(last - len(rows) + 1, last + 1))


def by_ids(tx: Transaction, ids: Sequence[int]) -> list[OpenSample]:
    """Those of the samples that are open."""
    rows = tx.all(_ONES, {"ids": _encode(ids).decode()})
    return [OpenSample(*row) for row in rows]


def delete_ids(tx: Transaction, ids: Sequence[int]) -> int:
    """Delete samples; how many were there."""
    return tx.run(_DELETE, {"ids": _encode(ids).decode()})


def close(tx: Transaction, server_id: str, row_id: int) -> None:
    """The samples of a server are closed up to this one."""
    tx.run(_CLOSE, {"server_id": server_id, "row_id": row_id})


def clear(tx: Transaction, before: int, limit: int) -> bool:
    """Delete the oldest samples, about ``limit`` of them, and none from ``before`` on, all closed;
    whether there may be more."""
    found = tx.first(_FIRST)
    if found is None or found[0] is None or found[0] >= before:
        tx.run(_FORGET, {"before": before})
        return False
    tx.run(_CLEAR, {"before": min(found[0] + limit, before)})
    return True


def last_id(tx: Transaction) -> int:
    """The id of the newest sample, open or closed; 0 without any."""
    found = tx.first(_LAST)
    return (found and found[0]) or 0


def all_waiting(tx: Transaction) -> Iterator[Waiting]:
    """All open samples, in the order in which they came."""
    after = 0
    while rows := tx.all(_WALK, {"after": after, "limit": _SCAN}):
        yield from map(Waiting._make, rows)
        after = rows[-1][0]
