"""Shipped log lines and hub events in ``logs.db``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypedDict, get_args

import msgspec
from sqlalchemy import insert, text

from chatops.protocol.rest import LogLevel
from chatops.server.crud import log_keys, log_parts
from chatops.server.db.models import LogEntryRow
from chatops.server.db.statement import Statement, WideInsert
from chatops.server.db.transactions import Transaction

LEVELS: Final[tuple[LogLevel, ...]] = get_args(LogLevel)
"""By their numbers in lines."""
_RANKS: Final[dict[str, int]] = {level: rank for rank, level in enumerate(LEVELS)}
_LATEST: Final = 253_402_300_799_999
"""Milliseconds at the end of the year 9999."""
_WORDS: Final = 32_768
"""Characters of lines whose words are taken out of an index at a time: that takes about 3 ms."""
SELECT: Final = "SELECT e.id, e.server_id, e.ts, e.level, e.source, e.message"
"""What a ``Line`` is made of, from ``log_lines AS e``."""


class NewLogEntry(TypedDict):
    """One line; ``server_id`` None is the hub itself."""

    server_id: str | None
    ts: float
    received_at: float
    level: str
    source: str
    message: str


class Line(NamedTuple):
    """A line that is stored."""

    id: int
    server_id: str | None
    ts: float
    level: LogLevel
    source: str
    message: str


_INSERT: Final = WideInsert(
    insert(LogEntryRow), ["id", "server", "ts", "received_at", "level", "source", "message"]
)
_SEQ: Final = Statement(text("SELECT seq FROM sqlite_sequence WHERE name = 'log_entries'"))
_TAIL: Final = Statement(
    text(f"{SELECT} FROM log_lines AS e WHERE e.server = :server ORDER BY e.id DESC LIMIT :limit")
)
_FROM: Final = Statement(
    text("SELECT id, received_at FROM log_entries WHERE id >= :first ORDER BY id LIMIT 1")
)
_DELETE_BEFORE: Final = Statement(
    text(
        "DELETE FROM log_entries WHERE id IN"
        " (SELECT id FROM log_entries WHERE id < :before ORDER BY id LIMIT :limit)"
    )
)
_OF_SERVER: Final = Statement(
    text(
        "SELECT id, length(message) FROM log_entries WHERE server = :server"
        " ORDER BY id LIMIT :limit"
    )
)
_DELETE: Final = Statement(
    text("DELETE FROM log_entries WHERE id IN (SELECT value FROM json_each(:ids))")
)
_USED: Final = Statement(
    text(
        "SELECT (page_count - freelist_count) * page_size"
        " FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
    )
)


def insert_many(tx: Transaction, rows: Sequence[NewLogEntry]) -> int:
    """Store lines and their words. They get ids one after the other: the first one's, which is
    also the next line's to come if there are none."""
    first = next_id(tx)
    if rows:
        keys = log_keys.Keys(tx, rows[-1]["received_at"])
        tx.run_wide(_INSERT, [_values(number, row, keys) for number, row in enumerate(rows, first)])
        size = sum(len(row["message"]) for row in rows)
        log_parts.index(tx, first, rows[0]["received_at"], size)
    return first


def next_id(tx: Transaction) -> int:
    """The id of the line that comes next: above that of every line there ever was."""
    found = tx.first(_SEQ)
    return 1 if found is None else int(found[0]) + 1


def line(row: tuple[Any, ...]) -> Line:
    """A row of SELECT."""
    number, server_id, ts, level, source, message = row
    return Line(number, server_id, ts, LEVELS[level], source, message)


def milliseconds(ts: float) -> int:
    """A time as lines have it: what is before 1970 or after 9999 is at the end of that span."""
    return int(max(ts, 0.0) * 1000 + 0.5) if ts < _LATEST / 1000 else _LATEST


def tail(tx: Transaction, server_id: str | None, *, limit: int) -> list[Line]:
    """The server's newest ``limit`` lines, oldest first."""
    server = log_keys.HUB
    if server_id is not None:
        server = log_keys.find(tx, [server_id]).get(server_id, -1)
    return [line(row) for row in tx.all(_TAIL, {"server": server, "limit": limit})][::-1]


def first_since(tx: Transaction, first: int, end: int, at: float) -> int:
    """The id of the first of these lines that was received at that time or later, else ``end``.
    They are taken to be in order; a clock that was set back within them makes it less exact."""
    ms = milliseconds(at)
    while first < end:
        middle = (first + end) // 2
        found = tx.first(_FROM, {"first": middle})
        if found is None or found[0] >= end or found[1] >= ms:
            end = middle
        else:
            first = found[0] + 1
    return first


def oldest(tx: Transaction) -> tuple[int, float] | None:
    """The id of the oldest line, and when it was received."""
    found = tx.first(_FROM, {"first": 0})
    return None if found is None else (found[0], found[1] / 1000)


def delete_before(tx: Transaction, before: int, limit: int) -> int:
    """Delete at most ``limit`` lines with smaller ids; how many it were. Their words stay in the
    index until their part has no lines any more; searches do not find them."""
    return tx.run(_DELETE_BEFORE, {"before": before, "limit": limit})


def delete_for_server(tx: Transaction, server: int, limit: int) -> int:
    """Delete at most ``limit`` lines of a server with their words, which takes as long as there
    are words: of long lines it is fewer. How many it were; none: there is none."""
    ids, size = [], 0
    for number, length in tx.all(_OF_SERVER, {"server": server, "limit": limit}):
        ids.append(number)
        size += length
        if size >= _WORDS:
            break
    for part in log_parts.parts(tx, next_id(tx)):
        own = [one for one in ids if part.first_id <= one < part.end]
        if own and part.state != "leaving":
            log_parts.leave_out(tx, part, own)
    return tx.run(_DELETE, {"ids": msgspec.json.encode(ids).decode()})


def used(tx: Transaction) -> int:
    """Bytes of the file that hold something."""
    found = tx.first(_USED)
    return 0 if found is None else int(found[0])


def _values(number: int, row: NewLogEntry, keys: log_keys.Keys) -> tuple[Any, ...]:
    server, source = keys.of(row["server_id"], row["source"])
    return (
        number, server, milliseconds(row["ts"]), milliseconds(row["received_at"]),
        _RANKS[row["level"]], source, row["message"],
    )  # fmt: skip
