"""Reads of ``logs.db`` by the ids of its lines: ids rise in the order of the commits, so an id is a
place in the stream of all lines.

The one place that speaks a database's own language for it; PostgreSQL has another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import text

from chatops.protocol.rest import LogLevel
from chatops.server.crud import log_keys
from chatops.server.crud.log_entries import LEVELS, SELECT
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_ONE: Final = "e.server = :servers"
# The plus keeps SQLite from the index of servers: lines of several are read in the order of ids.
_SEVERAL: Final = "+e.server IN (SELECT value FROM json_each(:servers))"
_BETWEEN: Final = "e.id > :after AND e.id <= :until AND e.level >= :level AND"
_FROM: Final = "FROM log_lines AS e WHERE"


def _both(sql: str) -> tuple[Statement, Statement]:
    """The statement for one server and for several."""
    return Statement(text(sql.format(_ONE))), Statement(text(sql.format(_SEVERAL)))


_FORWARD: Final = _both(f"{SELECT} {_FROM} {_BETWEEN} {{}} ORDER BY e.id LIMIT :limit")
_BACK: Final = _both(f"{SELECT} {_FROM} {_BETWEEN} {{}} ORDER BY e.id DESC LIMIT :limit")
_COUNT: Final = _both(f"SELECT count(*) {_FROM} {_BETWEEN} {{}}")
_NTH: Final = _both(
    f"SELECT e.id {_FROM} {_BETWEEN} {{}} ORDER BY e.id DESC LIMIT 1 OFFSET :number"
)
_NOBODY: Final = -1
_ENDS: Final = Statement(
    text("SELECT (SELECT min(id) FROM log_entries), (SELECT max(id) FROM log_entries)")
)
_RECEIVED: Final = Statement(
    text(f"SELECT e.received_at {_FROM} e.id > :after ORDER BY e.id LIMIT 1")
)


class Row(NamedTuple):
    """A stored line."""

    id: int
    server_id: str
    ts: float
    level: LogLevel
    source: str
    message: str


class Lines(NamedTuple):
    """Lines of these servers and levels: one and all that are worse."""

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
    found: int = tx.all(_pick(_COUNT, wanted), _values(tx, wanted, after, until))[0][0]
    return found


def last_but(tx: Transaction, wanted: Lines, after: int, until: int, number: int) -> int:
    """The id of the last of them but so many; there are more than that."""
    values = _values(tx, wanted, after, until) | {"number": number}
    found: int = tx.all(_pick(_NTH, wanted), values)[0][0]
    return found


def received(tx: Transaction, after: int) -> float | None:
    """When the first line after a place was received; None: there is none."""
    found = tx.first(_RECEIVED, {"after": after})
    return None if found is None else float(found[0])


def _rows(
    tx: Transaction, both: tuple[Statement, Statement], wanted: Lines, after: int, until: int,
    limit: int,
) -> list[Row]:  # fmt: skip
    values = _values(tx, wanted, after, until) | {"limit": limit}
    return [
        Row(number, server_id, ts, LEVELS[level], source, message)
        for number, server_id, ts, level, source, message in tx.all(_pick(both, wanted), values)
    ]


def _pick(both: tuple[Statement, Statement], wanted: Lines) -> Statement:
    return both[len(wanted.servers) != 1]


def _values(tx: Transaction, wanted: Lines, after: int, until: int) -> dict[str, Any]:
    keys = sorted(log_keys.find(tx, wanted.servers).values())
    level = min((LEVELS.index(one) for one in wanted.levels), default=len(LEVELS))
    servers: int | str = msgspec.json.encode(keys).decode()
    if len(wanted.servers) == 1:
        servers = keys[0] if keys else _NOBODY
    return {"after": after, "until": until, "level": level, "servers": servers}
