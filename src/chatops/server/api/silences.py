"""/silences: for a while nobody is told."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery


async def list_silences(call: Call[NoQuery, None]) -> rest.Page[rest.Silence]:
    """List the silences that hold on servers that the caller may see."""
    return await call.services.silences.list(call.principal)


async def add_silence(call: Call[NoQuery, rest.SilenceCreate]) -> rest.Silence:
    """Silence alerts of some servers for a while, of one metric or of all."""
    return await call.services.silences.add(call.principal, call.origin, call.body)


async def remove_silence(call: Call[NoQuery, None]) -> None:
    """End a silence; what began while it held and goes on is told."""
    await call.services.silences.remove(call.principal, call.origin, call.path["silence"])
