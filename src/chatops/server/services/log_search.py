"""LogSearch: stored log lines for those who may see their servers."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from chatops.errors import Busy, TimedOut
from chatops.protocol.rest import LogEntry, LogLevel, Page
from chatops.server.crud import log_search as crud
from chatops.server.crud import servers as server_rows
from chatops.server.crud.log_entries import LEVELS, Line
from chatops.server.crud.paging import decode, encode
from chatops.server.db.engine import Database
from chatops.server.services.access import Access, Principal
from chatops.server.services.log_query import expression
from chatops.server.services.server_finder import ServerFinder
from chatops.server.services.targets import resolve
from chatops.units import format_time

PATIENCE: Final = 5.0
"""Seconds that a search may take."""
AT_ONCE: Final = 2
"""Searches at a time, of four readers: others who read logs need not wait for them."""
WAITING: Final = 32
"""Searches that may wait for their turn."""


class LogSearch:
    """Looks through the log entries of servers."""

    def __init__(self, logs: Database, state: Database, servers: ServerFinder) -> None:
        self._logs = logs
        self._state = state
        self._servers = servers
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def page(
        self,
        principal: Principal,
        *,
        query: str | None,
        target: str | None,
        level: LogLevel | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> Page[LogEntry]:
        """Lines, those that were received last first: with all words of ``query``, of servers of
        TARGET, of that level or a worse one. Lines of the hub itself are for administrators.

        Raises:
            InvalidInput: the query, target or cursor cannot be.
            NotFound: TARGET names what is not there for this caller.
            TimedOut: it took too long.
            Busy: too many search at this moment.
        """
        (before,) = decode(cursor, [int]) if cursor is not None else [None]
        wanted = crud.Wanted(
            expression=None if query is None else expression(query),
            level=LEVELS.index(level) if level else 0,
            servers=await self._scope(principal, target),
            since=-math.inf if since is None else since,
            until=math.inf if until is None else until,
        )
        found = await self._search(wanted, before, limit + 1)
        after = encode([found[limit - 1].id]) if len(found) > limit else None
        return Page(items=await self._named(found[:limit]), next=after)

    async def _scope(self, principal: Principal, target: str | None) -> list[str] | None:
        async with self._state.read() as session:
            if target is None:
                return await self._servers.scope(session, principal, None)
            found = await resolve(session, self._servers, principal, target, Access.VIEWER)
        return [one.id for one in found]

    async def _search(self, wanted: crud.Wanted, before: int | None, limit: int) -> list[Line]:
        if self._waiting >= WAITING:
            raise Busy("too many searches wait already")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._logs.look(
                    lambda tx: crud.search(tx, wanted, before=before, limit=limit), PATIENCE
                )
        except TimedOut as error:
            hint = "look for a rarer word, in a shorter time, or on fewer servers"
            raise TimedOut(error.message, hint=hint) from None
        finally:
            self._waiting -= 1

    async def _named(self, found: list[Line]) -> list[LogEntry]:
        """Lines of servers that were removed meanwhile are left out."""
        ids = {one.server_id for one in found if one.server_id is not None}
        async with self._state.read() as session:
            names = await server_rows.names(session, ids=ids)
        return [
            LogEntry(
                server=names[one.server_id] if one.server_id else None,
                ts=format_time(one.ts), level=one.level, source=one.source, message=one.message,
            )
            for one in found
            if one.server_id is None or one.server_id in names
        ]  # fmt: skip
