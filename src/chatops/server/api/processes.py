"""/processes: what runs on a server now."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call
from chatops.server.api.queries import ProcessesQuery


async def list_processes(call: Call[ProcessesQuery, None]) -> rest.ProcessPage:
    """List a server's processes, as its agent sees them now."""
    query = call.query
    return await call.services.processes.show(
        call.principal, call.path["server"], query.sort, query.limit
    )
