"""Reads of ``logs.db`` by the ids of its lines: ids rise in the order of the commits, so an id is a
place in the stream of all lines.

The one place that speaks a database's own language for it; PostgreSQL has another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import text

from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_LEVELS: Final = "level IN (SELECT value FROM json_each(:levels))"
_ONE: Final = "+server_id = :servers"
# The plus keeps SQLite from the index of servers, which is in another order.
_SEVERAL: Final = "+server_id IN (SELECT value FROM json_each(:servers))"
_BETWEEN: Final = f"id > :after AND id <= :until AND {_LEVELS} AND"
_FROM: Final = "FROM log_entries WHERE"
_COLUMNS: Final = f"SELECT id, server_id, ts, level, source, message {_FROM}"


def _both(sql: str) -> tuple[Statement, Statement]:
    """The statement for one server and for several."""
    return Statement(text(sql.format(_ONE))), Statement(text(sql.format(_SEVERAL)))


_FORWARD: Final = _both(f"{_COLUMNS} {_BETWEEN} {{}} ORDER BY id LIMIT :limit")
_BACK: Final = _both(f"{_COLUMNS} {_BETWEEN} {{}} ORDER BY id DESC LIMIT :limit")
_COUNT: Final = _both(f"SELECT count(*) {_FROM} {_BETWEEN} {{}}")
_ENDS: Final = Statement(
    text("SELECT (SELECT min(id) FROM log_entries), (SELECT max(id) FROM log_entries)")
)

_RECEIVED: Final = Statement(text(f"SELECT received_at {_FROM} id > :after ORDER BY id LIMIT 1"))


class Row(NamedTuple):
    """A stored line."""

    id: int
    server_id: str
    ts: float
    level: str
    source: str
    message: str


class Lines(NamedTuple):
    """Lines of these servers and levels."""

    servers: Collection[str]
    levels: Collection[str]


def ends(tx: Transaction) -> tuple[int, int] | None:
    """The ids of the first and the last line there is, of whatever server; None: there is none."""
    first, last = tx.all(_ENDS)[0]
    return None if first is None else (first, last)


def forward(tx: Transaction, wanted: Lines, after: int, until: int, limit: int) -> list[Row]:
    """The first lines after the place ``after``, up to ``until``."""
    return _rows(tx, _FORWARD, wanted, after, until, limit)


def back(tx: Transaction, wanted: Lines, after: int, until: int, limit: int) -> list[Row]:
    """The last lines of the same, the last one first."""
    return _rows(tx, _BACK, wanted, after, until, limit)


def count(tx: Transaction, wanted: Lines, after: int, until: int) -> int:
    """How many lines there are after the place ``after``, up to ``until``."""
    found: int = tx.all(_pick(_COUNT, wanted), _values(wanted, after, until))[0][0]
    return found


def received(tx: Transaction, after: int) -> float | None:
    """When the first line after a place was received; None: there is none."""
    found = tx.first(_RECEIVED, {"after": after})
    return None if found is None else float(found[0])


def _rows(
    tx: Transaction, both: tuple[Statement, Statement], wanted: Lines, after: int, until: int,
    limit: int,
) -> list[Row]:  # fmt: skip
    values = _values(wanted, after, until) | {"limit": limit}
    return [Row(*row) for row in tx.all(_pick(both, wanted), values)]


def _pick(both: tuple[Statement, Statement], wanted: Lines) -> Statement:
    return both[len(wanted.servers) != 1]


def _values(wanted: Lines, after: int, until: int) -> dict[str, Any]:
    servers = wanted.servers
    one = next(iter(servers)) if len(servers) == 1 else _array(servers)
    return {"after": after, "until": until, "levels": _array(wanted.levels), "servers": one}


def _array(values: Collection[str]) -> str:
    return msgspec.json.encode(sorted(values)).decode()
