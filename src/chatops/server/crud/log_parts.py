"""The parts of ``logs.db``: lines side by side that have an index of words of their own.

So an index never grows beyond a bound, which its merges and the memory of a search grow with, and
what is too old goes without a word of it being looked up. SQLite's FTS5 keeps the index; this and
``log_search`` are the only places that speak its language, PostgreSQL has another.

An index has no text, which is in the lines: words of the message, and as ``labels`` the number of
the server (``s12``) and the level (``l3``), by which words that are in many lines are found on one
server as fast as rare ones.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlmodel import col

from chatops.server.db.models import LogPart
from chatops.server.db.models.logs import PartState
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

_PER_PAGE: Final = 1000
"""Bytes of messages for each page (4 KB) of the index that is merged when they are added: what they
add to it is merged about three times in all."""
# PART is the index of a part. Merging is done here, in small amounts, and never all at once.
_CREATE: Final = (
    """CREATE VIRTUAL TABLE PART USING fts5
    (message, labels, content = '', columnsize = 0, tokenize = 'unicode61')""",
    "INSERT INTO PART (PART, rank) VALUES ('automerge', 0)",
    "INSERT INTO PART (PART, rank) VALUES ('usermerge', 16)",
    "INSERT INTO PART (PART, rank) VALUES ('crisismerge', 1000)",
)
_ADD: Final = """
INSERT INTO PART (rowid, message, labels)
SELECT id, message, 's' || server || ' l' || level FROM log_entries WHERE id >= :first
"""
_REMOVE: Final = """
INSERT INTO PART (PART, rowid, message, labels)
SELECT 'delete', id, message, 's' || server || ' l' || level FROM log_entries
WHERE id IN (SELECT value FROM json_each(:ids))
"""
_MERGE: Final = "INSERT INTO PART (PART, rank) VALUES ('merge', :pages)"
# Up to 10 are the two records without which FTS5 knows no index, and cannot drop it either.
_EMPTY: Final = """
DELETE FROM PART_data WHERE id IN (SELECT id FROM PART_data WHERE id > 10 LIMIT :pages)
"""
_DROP: Final = "DROP TABLE PART"

_first: Final[Any] = bindparam("first")
_one: Final[Any] = col(LogPart.first_id) == _first
_ALL: Final = Statement(
    select(
        col(LogPart.first_id), col(LogPart.began_at), col(LogPart.size), col(LogPart.state)
    ).order_by(col(LogPart.first_id))
)
_OPEN: Final = Statement(select(col(LogPart.first_id)).where(col(LogPart.state) == "open"))
_NEW: Final = Statement(insert(LogPart), ["first_id", "began_at", "size", "state"])
_GROW: Final = Statement(
    update(LogPart).where(_one).values(size=col(LogPart.size) + bindparam("more"))
)
_STATE: Final = Statement(update(LogPart).where(_one).values(state=bindparam("now")))
_FORGET: Final = Statement(delete(LogPart).where(_one))
_CHANGES: Final = Statement(text("SELECT total_changes()"))


class Part(NamedTuple):
    """A part, and the id before which its lines end."""

    first_id: int
    began_at: float
    size: int
    state: PartState
    end: int


def in_part(first: int, sql: str) -> Statement:
    """What is said to PART, the index of the part that begins with the line of that id."""
    return Statement(text(sql.replace("PART", f"log_search_{first}")))


def parts(tx: Transaction, end: int) -> list[Part]:
    """All parts, oldest first; ``end`` is the id of the line that comes next."""
    rows = tx.all(_ALL)
    ends = [*(row[0] for row in rows[1:]), end]
    return [Part._make((*row, until)) for row, until in zip(rows, ends, strict=False)]


def index(tx: Transaction, first: int, at: float, size: int) -> None:
    """Put the words of lines from the id ``first`` on, which were just stored, into the index of
    the open part, and merge as much of it as that will cost in the long run."""
    found = tx.first(_OPEN)
    part = _begin(tx, first, at) if found is None else found[0]
    sql = _sql(part)
    tx.run(sql.add, {"first": first})
    tx.run(sql.merge, {"pages": 4 + size // _PER_PAGE})
    tx.run(_GROW, {"first": part, "more": size})


def set_state(tx: Transaction, part: Part, state: PartState) -> None:
    """A part has come so far."""
    tx.run(_STATE, {"first": part.first_id, "now": state})


def merge(tx: Transaction, part: Part, pages: int) -> bool:
    """Bring the index of a closed part nearer to being in one piece by so many pages; whether it
    is."""
    ((before,),) = tx.all(_CHANGES)
    tx.run(_sql(part.first_id).merge, {"pages": -pages})
    ((after,),) = tx.all(_CHANGES)
    return bool(after - before < 2)  # so SQLite says that there was nothing to do


def drop(tx: Transaction, part: Part, pages: int) -> bool:
    """Delete so many pages of the index of a part without lines; whether it is gone, too."""
    sql = _sql(part.first_id)
    if tx.run(sql.empty, {"pages": pages}) == pages:
        return False
    tx.run(sql.drop)
    tx.run(_FORGET, {"first": part.first_id})
    return True


def leave_out(tx: Transaction, part: Part, ids: list[int]) -> None:
    """Take the words of some lines of a part, which are about to be deleted, out of its index."""
    tx.run(_sql(part.first_id).remove, {"ids": msgspec.json.encode(ids).decode()})
    if part.state == "merged":
        set_state(tx, part, "closed")


def _begin(tx: Transaction, first: int, at: float) -> int:
    sql = _sql(first)
    for statement in sql.create:
        tx.run(statement)
    tx.run(_NEW, {"first_id": first, "began_at": at, "size": 0, "state": "open"})
    return first


class _Sql:
    """What is said about the index of a part."""

    def __init__(self, first: int) -> None:
        self.create: Final = [in_part(first, sql) for sql in _CREATE]
        self.add: Final = in_part(first, _ADD)
        self.remove: Final = in_part(first, _REMOVE)
        self.merge: Final = in_part(first, _MERGE)
        self.empty: Final = in_part(first, _EMPTY)
        self.drop: Final = in_part(first, _DROP)


@lru_cache(256)
def _sql(first: int) -> _Sql:
    return _Sql(first)
