"""/events: connections and disconnections."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call
from chatops.server.api.queries import EventsQuery, moment


async def list_events(call: Call[EventsQuery, None]) -> rest.Page[rest.Event]:
    """List connections of the servers that the caller may see, newest first."""
    query = call.query
    return await call.services.events.page(
        call.principal,
        server=query.server,
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        limit=query.limit,
        cursor=query.cursor,
    )
