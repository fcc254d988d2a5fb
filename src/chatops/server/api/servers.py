"""/servers: the fleet."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.protocol.target import Facts
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import ServersQuery


async def list_servers(call: Call[ServersQuery, None]) -> rest.Page[rest.Server]:
    """List the servers that the caller may see, in order of name."""
    query = call.query
    return await call.services.servers.page(
        call.principal, tags=query.tag, status=query.status, limit=query.limit,
        cursor=query.cursor,
    )  # fmt: skip


async def add_server(call: Call[NoQuery, rest.ServerCreate]) -> rest.ServerCreated:
    """Add a server, with its first key if asked for."""
    return await call.services.keys.add_server(call.principal, call.origin, call.body)


async def show_server(call: Call[NoQuery, None]) -> rest.ServerDetail:
    """Show a server with what its agent told of the host."""
    return await call.services.servers.show(call.principal, call.path["server"])


async def update_server(call: Call[NoQuery, rest.ServerUpdate]) -> rest.Server:
    """Rename a server or change its tags."""
    services = call.services
    item = await services.servers.update(
        call.principal, call.origin, call.path["server"], call.body
    )
    await services.revocation.server_changed(Facts(item.id, item.name, item.tags))
    return item


async def remove_server(call: Call[NoQuery, None]) -> None:
    """Remove a server and everything that is kept of it."""
    services = call.services
    row = await services.servers.remove(call.principal, call.origin, call.path["server"])
    services.commands.forget_server(row.id)


async def list_shares(call: Call[NoQuery, None]) -> rest.Page[rest.Share]:
    """List what other accounts than the owner may do on a server."""
    return await call.services.shares.list(call.principal, call.path["server"])


async def share_server(call: Call[NoQuery, rest.ShareCreate]) -> rest.Share:
    """Give an account a role on a server, in place of the one it had there."""
    return await call.services.shares.put(
        call.principal, call.origin, call.path["server"], call.body.user, call.body.role
    )


async def unshare_server(call: Call[NoQuery, None]) -> None:
    """Take an account's share of a server back."""
    await call.services.shares.remove(
        call.principal, call.origin, call.path["server"], call.path["user"]
    )
