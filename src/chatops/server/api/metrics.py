"""/metrics: what agents measured."""

from __future__ import annotations

from typing import Final

from chatops.errors import InvalidInput
from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import HistoryParameters, moment
from chatops.server.services.history import DEFAULT_METRICS, HistoryQuery, cursor_time
from chatops.units import parse_duration

_DEFAULT_SPAN: Final = 3600.0
_MIN_STEP: Final = 1.0


async def latest_metrics(call: Call[NoQuery, None]) -> rest.ServerSample:
    """Show a server's latest sample."""
    return await call.services.metrics.show(call.principal, call.path["server"])


async def metrics_history(
    call: Call[HistoryParameters, None],
) -> rest.Page[rest.HistoryRow]:
    """List a server's samples over a span, oldest first, raw or by steps."""
    given = call.query
    until, since = moment(given.until, "until"), moment(given.since, "since")
    until = call.services.clock.now() if until is None else until
    begin = until - _DEFAULT_SPAN if since is None else since
    query = HistoryQuery(
        metrics=tuple(dict.fromkeys(given.metric)) or DEFAULT_METRICS,
        since=cursor_time(given.cursor) if given.cursor else begin,
        until=until,
        step=_step(given.step),
        limit=given.limit,
    )
    return await call.services.metrics.history(call.principal, call.path["server"], query)


def _step(text: str | None) -> float | None:
    if text is None:
        return None
    step = parse_duration(text)
    if step < _MIN_STEP:
        raise InvalidInput(f"a step of {text} is too short", hint="take 1s or more, or no step")
    return step
