"""/channels: where alerts are told."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import PageQuery


async def list_channels(call: Call[PageQuery, None]) -> rest.Page[rest.Channel]:
    """List the channels."""
    query = call.query
    return await call.services.notifications.page(limit=query.limit, cursor=query.cursor)


async def add_channel(call: Call[NoQuery, rest.ChannelCreate]) -> rest.ChannelDetail:
    """Add a channel: a webhook, or a service that Apprise knows."""
    return await call.services.notifications.add(call.principal, call.origin, call.body)


async def show_channel(call: Call[NoQuery, None]) -> rest.ChannelDetail:
    """Show a channel."""
    return await call.services.notifications.show(call.path["channel"])


async def remove_channel(call: Call[NoQuery, None]) -> None:
    """Remove a channel, with its log and all that it was to be told."""
    await call.services.notifications.remove(call.origin, call.path["channel"])


async def test_channel(call: Call[NoQuery, None]) -> rest.Delivery:
    """Send a test message now; answer with what came of it."""
    return await call.services.notifications.test(call.origin, call.path["channel"])


async def log_channel(call: Call[PageQuery, None]) -> rest.Page[rest.Delivery]:
    """List the attempts to deliver to a channel, newest first."""
    query = call.query
    return await call.services.notifications.log(
        call.path["channel"], limit=query.limit, cursor=query.cursor
    )
