"""The numbers that servers and their sources have in lines of ``logs.db``."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlmodel import col

from chatops.protocol.limits import MAX_LOG_SOURCES
from chatops.server.db.models import LogServer, LogSource
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

HUB: Final = 0
"""The number of the hub itself."""
OTHER: Final = "other"
"""The source of lines whose own one found no room."""
FRESH: Final = 3600.0
"""Seconds by which ``last_at`` may be behind."""
_server: Final[Any] = bindparam("server")
_own: Final[Any] = col(LogSource.server) == _server

_SERVER: Final = Statement(
    select(col(LogServer.id)).where(col(LogServer.server_id) == bindparam("server_id"))
)
_SERVERS: Final = Statement(
    text(
        "SELECT server_id, id FROM log_servers"
        " WHERE server_id IN (SELECT value FROM json_each(:server_ids))"
    )
)
_NEW_SERVER: Final = Statement(insert(LogServer), ["server_id"])
_SOURCE: Final = Statement(
    select(col(LogSource.id), col(LogSource.last_at)).where(
        _own, col(LogSource.name) == bindparam("name")
    )
)
_COUNT: Final = Statement(select(func.count()).select_from(LogSource).where(_own))
_NEW_SOURCE: Final = Statement(insert(LogSource), ["server", "name", "last_at"])
_USED: Final = Statement(
    update(LogSource)
    .where(col(LogSource.id) == bindparam("source"))
    .values(last_at=bindparam("at"))
)
_UNUSED: Final = Statement(
    delete(LogSource).where(
        col(LogSource.id).in_(
            select(col(LogSource.id))
            .where(col(LogSource.last_at) < bindparam("before"))
            .limit(bindparam("limit"))
        )
    )
)
_OF_SERVER: Final = (
    Statement(delete(LogSource).where(_own)),
    Statement(delete(LogServer).where(col(LogServer.id) == _server)),
)


class Keys:
    """The numbers for some lines; given where there is none yet."""

    def __init__(self, tx: Transaction, at: float) -> None:
        self._tx = tx
        self._at = at
        self._known: dict[tuple[str | None, str], tuple[int, int]] = {}

    def of(self, server_id: str | None, source: str) -> tuple[int, int]:
        """Of a server (None: the hub) and its source."""
        known = self._known.get((server_id, source))
        if known is None:
            server = HUB if server_id is None else _server_key(self._tx, server_id)
            known = server, _source_key(self._tx, server, source, self._at)
            self._known[server_id, source] = known
        return known


def find(tx: Transaction, server_ids: Collection[str]) -> dict[str, int]:
    """The numbers of servers; without those that have no lines."""
    given = msgspec.json.encode(sorted(server_ids)).decode()
    return dict(tx.all(_SERVERS, {"server_ids": given}))


def forget_server(tx: Transaction, server: int) -> None:
    """A server has no lines any more."""
    for statement in _OF_SERVER:
        tx.run(statement, {"server": server})


def forget_sources(tx: Transaction, before: float, limit: int) -> int:
    """Forget at most ``limit`` sources that were not used since then; how many it were."""
    return tx.run(_UNUSED, {"before": before, "limit": limit})


def _server_key(tx: Transaction, server_id: str) -> int:
    values = {"server_id": server_id}
    found = tx.first(_SERVER, values)
    if found is None:
        tx.run(_NEW_SERVER, values)
        found = tx.first(_SERVER, values)
    assert found is not None
    return int(found[0])


def _source_key(tx: Transaction, server: int, name: str, at: float) -> int:
    found = tx.first(_SOURCE, {"server": server, "name": name})
    if found is None:
        count = tx.first(_COUNT, {"server": server})
        if count is not None and count[0] >= MAX_LOG_SOURCES and name != OTHER:
            return _source_key(tx, server, OTHER, at)
        tx.run(_NEW_SOURCE, {"server": server, "name": name, "last_at": at})
        found = tx.first(_SOURCE, {"server": server, "name": name})
    elif at - found[1] > FRESH:
        tx.run(_USED, {"source": found[0], "at": at})
    assert found is not None
    return int(found[0])
