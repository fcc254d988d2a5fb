"""/alerts/thresholds: the rules that alerts are made by."""

from __future__ import annotations

from typing import Final

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import PageQuery, ReplayQuery, moment
from chatops.server.services.replays import Trial

_SPAN: Final = 86_400.0


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


async def replay_threshold(call: Call[ReplayQuery, None]) -> rest.Replay:
    """Say when a rule would have fired in the past, on the servers that the caller may see."""
    query = call.query
    since = moment(query.since, "since")
    trial = Trial(
        query.threshold, query.metric, query.op, query.value, query.for_s, query.clear,
        query.target, call.services.clock.now() - _SPAN if since is None else since,
        moment(query.until, "until"),
    )  # fmt: skip
    return await call.services.replays.replay(call.principal, trial)
