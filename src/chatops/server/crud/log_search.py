"""Searches in ``logs.db``: by words through SQLite's FTS5, newest first.

The one place that speaks a database's own language for it; PostgreSQL has another.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import text

from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_SLACK: Final = 1000
"""Lines before the first one of a span: lines get their ids side by side."""
_END: Final = 2**62
_WHICH: Final = """
    e.id >= :first AND e.id < :before AND e.ts >= :since AND e.ts < :until
    AND e.level IN (SELECT value FROM json_each(:levels))
    AND (:every OR e.server_id IN (SELECT value FROM json_each(:servers)))
    ORDER BY e.id DESC LIMIT :limit
"""
_SELECT: Final = "SELECT e.id, e.server_id, e.ts, e.level, e.source, e.message FROM"
_LIST: Final = Statement(text(f"{_SELECT} log_entries AS e WHERE {_WHICH}"))
_SEARCH: Final = Statement(
    text(
        f"{_SELECT} log_search AS s CROSS JOIN log_entries AS e ON e.id = s.rowid"
        f" WHERE log_search MATCH :expression AND s.rowid >= :first AND s.rowid < :before AND "
        + _WHICH.replace("BY e.id", "BY s.rowid")
    )
)
_FIRST: Final = Statement(
    text("SELECT id FROM log_entries WHERE received_at >= :since ORDER BY received_at LIMIT 1")
)


class Found(NamedTuple):
    """A line that was found."""

    id: int
    server_id: str | None
    ts: float
    level: str
    source: str
    message: str


class Wanted(NamedTuple):
    """What is looked for: ``expression`` is FTS5's, None for every line; ``servers`` None is every
    one, and the hub itself."""

    expression: str | None
    levels: Collection[str]
    servers: Collection[str] | None
    since: float
    until: float


def search(tx: Transaction, wanted: Wanted, *, before: int | None, limit: int) -> list[Found]:
    """The newest lines received before the one with the id ``before``. A line is never older than
    the moment when it was received, so what was received before ``since`` is not looked at."""
    first = tx.first(_FIRST, {"since": wanted.since})
    if first is None:
        return []
    values = {
        "expression": wanted.expression,
        "levels": _array(wanted.levels),
        "every": wanted.servers is None,
        "servers": _array(wanted.servers or ()),
        "since": wanted.since,
        "until": wanted.until,
        "first": first[0] - _SLACK,
        "before": _END if before is None else before,
        "limit": limit,
    }
    rows = tx.all(_LIST if wanted.expression is None else _SEARCH, values)
    return [Found(*row) for row in rows]


def _array(values: Collection[str]) -> str:
    return msgspec.json.encode(sorted(values)).decode()
