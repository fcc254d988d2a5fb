"""/logs: stored log entries."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call
from chatops.server.api.queries import LogsQuery, moment


async def list_logs(call: Call[LogsQuery, None]) -> rest.Page[rest.LogEntry]:
    """Search the log entries of the servers that the caller may see, received last first."""
    query = call.query
    return await call.services.log_search.page(
        call.principal,
        query=query.query,
        target=query.target,
        level=query.level,
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        limit=query.limit,
        cursor=query.cursor,
    )
