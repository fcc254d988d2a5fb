"""/alerts/thresholds: the rules that alerts are made by."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import PageQuery


async def list_thresholds(call: Call[PageQuery, None]) -> rest.Page[rest.Threshold]:
    """List the rules that cover servers that the caller may see, and its own."""
    query = call.query
    return await call.services.thresholds.page(
        call.principal, limit=query.limit, cursor=query.cursor
    )


async def set_threshold(call: Call[NoQuery, rest.ThresholdSet]) -> rest.Threshold:
    """Make a rule, or change the one of that name."""
    return await call.services.thresholds.set(call.principal, call.origin, call.body)


async def show_threshold(call: Call[NoQuery, None]) -> rest.Threshold:
    """Show a rule, by name or id."""
    return await call.services.thresholds.show(call.principal, call.path["threshold"])


async def update_threshold(call: Call[NoQuery, rest.ThresholdUpdate]) -> rest.Threshold:
    """Switch a rule on or off."""
    return await call.services.thresholds.update(
        call.principal, call.origin, call.path["threshold"], call.body
    )


async def remove_threshold(call: Call[NoQuery, None]) -> None:
    """Remove a rule; its open alerts are resolved."""
    await call.services.thresholds.remove(call.principal, call.origin, call.path["threshold"])
