"""Searches in ``logs.db``: by words, newest first, one part of the lines after the other."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import text

from chatops.server.crud import log_entries, log_keys, log_parts
from chatops.server.crud.log_entries import LEVELS, SELECT, Line
from chatops.server.crud.log_parts import Part
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

SLACK: Final = 60.0
"""Seconds by which the order of lines and that in which they were received may differ."""
LABELLED: Final = 100
"""Servers that the index is asked for; of more each line is looked at."""
_RARE: Final = LEVELS.index("warning")
"""The level from which on lines are few enough to ask the index for it."""
_WHICH: Final = """
    AND e.ts >= :since AND e.ts < :until AND e.level >= :level
    AND (:every OR +e.server IN (SELECT value FROM json_each(:servers)))
"""
_LIST: Final = Statement(
    text(
        f"{SELECT} FROM log_lines AS e WHERE e.id >= :first AND e.id < :before {_WHICH}"
        " ORDER BY e.id DESC LIMIT :limit"
    )
)
_SEARCH: Final = f"""
{SELECT} FROM PART AS s CROSS JOIN log_lines AS e ON e.id = s.rowid
WHERE PART MATCH :match AND s.rowid >= :first AND s.rowid < :before {_WHICH}
ORDER BY s.rowid DESC LIMIT :limit
"""


class Wanted(NamedTuple):
    """What is looked for: ``expression`` is FTS5's, None for every line; ``level`` the least one's
    number; ``servers`` None is every one, and the hub itself. ``since`` and ``until`` are for the
    time of the line, and no line is looked at that was received before ``since``."""

    expression: str | None
    level: int
    servers: Collection[str] | None
    since: float
    until: float


def search(tx: Transaction, wanted: Wanted, *, before: int | None, limit: int) -> list[Line]:
    """The newest lines received before the one with the id ``before``."""
    keys = None if wanted.servers is None else sorted(log_keys.find(tx, wanted.servers).values())
    if keys == []:
        return []
    values: dict[str, Any] = {
        "match": _match(wanted, keys),
        "level": wanted.level,
        "every": keys is None,
        "servers": msgspec.json.encode(keys or ()).decode(),
        "since": wanted.since,
        "until": wanted.until,
    }
    found: list[Line] = []
    for part, first, end in _newest_first(tx, wanted.since, before):
        tx.check_time()
        statement = _LIST if values["match"] is None else _search(part.first_id)
        values |= {"first": first, "before": end, "limit": limit - len(found)}
        found += [log_entries.line(row) for row in tx.all(statement, values)]
        if len(found) == limit:
            break
    return found


def _newest_first(
    tx: Transaction, since: float, before: int | None
) -> Iterator[tuple[Part, int, int]]:
    """The parts in which lines received since then and with an id below ``before`` can be, and
    the ids that these are between."""
    at = since - SLACK
    there = log_parts.parts(tx, log_entries.next_id(tx))
    later = [part.began_at >= at for part in there]
    oldest = max(later.index(True) - 1, 0) if True in later else max(len(there) - 1, 0)
    for number in range(len(there) - 1, oldest - 1, -1):
        part = there[number]
        end = part.end if before is None else min(before, part.end)
        first = part.first_id
        if number == oldest:
            first = log_entries.first_since(tx, first, part.end, at)
        if first < end and part.state != "leaving":
            yield part, first, end


def _match(wanted: Wanted, keys: Collection[int] | None) -> str | None:
    """What to ask the index for; None if it cannot help."""
    wishes = []
    if wanted.expression is not None:
        wishes.append(f"{{message}} : ({wanted.expression})")
    if keys is not None and len(keys) <= LABELLED:
        wishes.append(_labels("s", keys))
    if wanted.level >= _RARE:
        wishes.append(_labels("l", range(wanted.level, len(LEVELS))))
    return " AND ".join(wishes) or None


def _labels(kind: str, numbers: Collection[int]) -> str:
    return "{labels} : (" + " OR ".join(f'"{kind}{number}"' for number in numbers) + ")"


@lru_cache(256)
def _search(first: int) -> Statement:
    return log_parts.in_part(first, _SEARCH)
