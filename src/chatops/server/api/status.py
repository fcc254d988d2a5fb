"""/status and /health: how the hub is."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery


async def show_status(call: Call[NoQuery, None]) -> rest.Status:
    """Show the hub's version and the caller's fleet in numbers."""
    return await call.services.status.status(call.principal)


async def health(call: Call[NoQuery, None]) -> rest.Health:
    """Answer that the hub is up, and whether strangers may register."""
    return call.services.status.health()
