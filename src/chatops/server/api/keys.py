"""/api-keys: the credentials of agents."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import KeysQuery
from chatops.units import format_time, time_or_none


async def list_keys(call: Call[KeysQuery, None]) -> rest.Page[rest.ApiKey]:
    """List keys of the servers that the caller may see."""
    query = call.query
    return await call.services.keys.page(
        call.principal, server=query.server, limit=query.limit, cursor=query.cursor
    )


async def create_key(call: Call[NoQuery, rest.ApiKeyCreate]) -> rest.ApiKeyCreated:
    """Make a key for a server; this answer is the only one that shows it."""
    return await call.services.keys.create(call.principal, call.origin, call.body)


async def revoke_key(call: Call[NoQuery, None]) -> rest.ApiKey:
    """Revoke a key; a connection that uses it ends at once."""
    return await call.services.keys.revoke(call.principal, call.origin, call.path["key"])


async def my_key(call: Call[NoQuery, None]) -> rest.ApiKeySelf:
    """Tell the holder of an API key what it is for."""
    agent = call.agent
    return rest.ApiKeySelf(
        id=agent.key_id,
        server=agent.server_name,
        server_id=agent.server_id,
        expires_at=time_or_none(agent.expires_at),
        time=format_time(call.services.clock.now()),
    )
