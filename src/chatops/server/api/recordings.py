"""/recordings: what was printed at terminals."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import RecordingsQuery, moment

MEDIA_TYPE: Final = "application/x-asciicast"


async def list_recordings(call: Call[RecordingsQuery, None]) -> rest.Page[rest.Recording]:
    """List recordings of the servers on which the caller is an operator, newest first."""
    query = call.query
    return await call.services.recordings.page(
        call.principal,
        server=query.server,
        user=query.user,
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        limit=query.limit,
        cursor=query.cursor,
    )


async def show_recording(call: Call[NoQuery, None]) -> rest.Recording:
    """Show who recorded what, when and for how long."""
    return await call.services.recordings.show(call.principal, call.path["recording"])


async def cast_recording(call: Call[NoQuery, None]) -> web.StreamResponse:
    """Read a recording, as far as it goes: asciicast v2."""
    path = await call.services.recordings.file(call.principal, call.path["recording"])
    return web.FileResponse(path, headers={"Content-Type": MEDIA_TYPE})
