"""EventService: connections of agents, as operators look them up later."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.protocol.rest import Event, Page
from chatops.server.crud import events as crud
from chatops.server.crud import servers
from chatops.server.db.engine import Database
from chatops.server.db.models import ConnectionEvent
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Principal
from chatops.server.services.event_pace import Moment
from chatops.server.services.servers import ServerService
from chatops.units import format_time


class EventService:
    """Records connection events and lists them for those who may see the server."""

    def __init__(self, database: Database, servers: ServerService) -> None:
        self._database = database
        self._servers = servers

    async def record(self, session: AsyncSession, moment: Moment) -> None:
        """Add an event in the caller's transaction."""
        await crud.add(
            session, server_id=moment.server_id, event=moment.event, now=moment.ts,
            address=moment.address, reason=moment.reason,
        )  # fmt: skip

    def note(self, tx: Transaction, moment: Moment) -> None:
        """The same in a short transaction."""
        crud.note(
            tx, server_id=moment.server_id, event=moment.event, ts=moment.ts,
            address=moment.address, reason=moment.reason,
        )  # fmt: skip

    async def page(
        self,
        principal: Principal,
        *,
        server: str | None,
        since: float | None,
        until: float | None,
        limit: int,
        cursor: str | None,
    ) -> Page[Event]:
        """Events newest first: of one server, or of all that ``principal`` may see. Events of
        no server (refused strangers) are for administrators."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, server)
            rows, after = await crud.list_page(
                session, server_ids=ids, since=since, until=until, limit=limit, cursor=cursor
            )
            named = {row.server_id for row in rows if row.server_id}
            names = await servers.names(session, ids=named)
        items = [_to_event(row, names) for row in rows]
        return Page(items=items, next=after)

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` events older than ``before``; how many it were."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before, limit=limit)


def _to_event(row: ConnectionEvent, names: dict[str, str]) -> Event:
    return Event(
        server=names.get(row.server_id) if row.server_id else None,
        event=row.event,
        ts=format_time(row.ts),
        address=row.address,
        reason=row.reason,
    )
