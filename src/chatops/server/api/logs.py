"""/logs: stored log entries, and what is read on a server itself."""

from __future__ import annotations

from aiohttp import web

from chatops.protocol import rest
from chatops.protocol.log_feeds import LogFeedBegin
from chatops.server.api.feed_stream import NUMBERS, Frames, stream
from chatops.server.api.operation import Call
from chatops.server.api.queries import FileLogQuery, LogsQuery, UnitLogQuery, moment
from chatops.server.services.feeds import Feed
from chatops.server.services.server_finder import ServerName


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


async def read_file(call: Call[FileLogQuery, None]) -> web.StreamResponse:
    """Read a file of a server, and follow it: one answer of enveloped frames."""
    query = call.query
    return await _answer(
        call.request,
        await call.services.target_logs.file(
            call.principal, call.origin, call.path["server"], query.path, lines=query.lines,
            follow=query.follow, place=query.place, skip=query.skip,
        ),
    )  # fmt: skip


async def read_unit(call: Call[UnitLogQuery, None]) -> web.StreamResponse:
    """Read the journal of a server's unit, and follow it: one answer of enveloped frames."""
    query = call.query
    return await _answer(
        call.request,
        await call.services.target_logs.unit(
            call.principal, call.origin, call.path["server"], query.unit, lines=query.lines,
            follow=query.follow, after=query.after,
        ),
    )  # fmt: skip


async def _answer(
    request: web.Request, opened: tuple[Feed, ServerName, LogFeedBegin]
) -> web.StreamResponse:
    feed, where, began = opened
    first = rest.LogFeedEvent(
        event="start", server=where.name, name=began.name, notice=began.notice,
        data=NUMBERS["stdout"], marks=NUMBERS["stderr"],
    )  # fmt: skip
    try:
        frames = Frames(feed, first, rest.LogFeedEvent(event="end"))
        return await stream(
            request, frames.next, lambda error: rest.LogFeedEvent(event="error", error=error)
        )
    finally:
        feed.close()
