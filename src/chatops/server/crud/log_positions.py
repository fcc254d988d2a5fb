"""Up to which place the lines of each epoch are stored, in ``logs.db``."""

from __future__ import annotations

from typing import Any, Final, TypedDict

from sqlalchemy import bindparam, delete, select, tuple_
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlmodel import col

from chatops.server.db.models import LogPosition
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction


class Position(TypedDict):
    server_id: str
    epoch: str
    seq: int
    at: float


_own: Final[Any] = col(LogPosition.server_id) == bindparam("server_id")
_key: Final = tuple_(col(LogPosition.server_id), col(LogPosition.epoch))
_new = upsert(LogPosition)

_FIND: Final = Statement(
    select(col(LogPosition.seq)).where(_own, col(LogPosition.epoch) == bindparam("epoch"))
)
_PUT: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=["server_id", "epoch"],
        set_={"seq": _new.excluded.seq, "at": _new.excluded.at},
    ),
    Position.__annotations__,
)
_oldest_last = (col(LogPosition.at).desc(), col(LogPosition.epoch).desc())
_TRIM: Final = Statement(
    delete(LogPosition).where(
        _own,
        col(LogPosition.epoch).in_(
            select(col(LogPosition.epoch))
            .where(_own)
            .order_by(*_oldest_last)
            .limit(1000)
            .offset(bindparam("most"))
        ),
    )
)
_OF_SERVER: Final = Statement(delete(LogPosition).where(_own))
_BEFORE: Final = Statement(
    delete(LogPosition).where(
        _key.in_(
            select(col(LogPosition.server_id), col(LogPosition.epoch))
            .where(col(LogPosition.at) < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)


def find(tx: Transaction, server_id: str, epoch: str) -> int | None:
    """The place of the last stored line; None of an epoch that is not known."""
    row = tx.first(_FIND, {"server_id": server_id, "epoch": epoch})
    return row[0] if row else None


def put(tx: Transaction, position: Position) -> None:
    """Note the place of the last stored line."""
    tx.run(_PUT, position)


def trim(tx: Transaction, server_id: str, most: int) -> None:
    """Forget those of a server's epochs that are longest unused, all but ``most``."""
    tx.run(_TRIM, {"server_id": server_id, "most": most})


def delete_for_server(tx: Transaction, server_id: str) -> None:
    """Forget all of a server that was removed; trimmed as they are, they are few."""
    tx.run(_OF_SERVER, {"server_id": server_id})


def delete_before(tx: Transaction, before: float, limit: int) -> int:
    """Forget at most ``limit`` that did not change since then; how many it were."""
    return tx.run(_BEFORE, {"before": before, "limit": limit})
