"""/metrics: what agents measured."""

from __future__ import annotations

from typing import Final

from chatops.errors import InvalidInput
from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import HistoriesParameters, HistoryParameters, moment
from chatops.server.services.metrics.span import (
    DEFAULT_METRICS,
    MIN_STEP,
    HistoryQuery,
    Place,
    read_cursor,
)
from chatops.units import parse_duration

_DEFAULT_SPAN: Final = 3600.0
_ALL: Final = "*"


async def latest_metrics(call: Call[NoQuery, None]) -> rest.ServerSample:
    """Show a server's latest sample."""
    return await call.services.metrics.show(call.principal, call.path["server"])


async def metrics_history(
    call: Call[HistoryParameters, None],
) -> rest.HistoryPage[rest.HistoryRow]:
    """Show what a server measured over a span, oldest first."""
    query = _query(call.query, call.services.clock.now())
    return await call.services.metrics.history(call.principal, call.path["server"], query)


async def metrics_histories(
    call: Call[HistoriesParameters, None],
) -> rest.HistoryPage[rest.ServerHistoryRow]:
    """Show what several servers measured over a span, oldest first."""
    query = _query(call.query, call.services.clock.now())
    return await call.services.metrics.histories(call.principal, call.query.target, query)


def _query(given: HistoryParameters, now: float) -> HistoryQuery:
    until, since = moment(given.until, "until"), moment(given.since, "since")
    until = now if until is None else until
    begin = until - _DEFAULT_SPAN if since is None else since
    if given.until is not None and begin > until:
        raise InvalidInput(
            "the span ends before it begins", hint="let `since` be earlier than `until`"
        )
    step = _step(given.step)
    place = read_cursor(given.cursor) if given.cursor else Place(begin, step)
    names = tuple(dict.fromkeys(given.metric)) or DEFAULT_METRICS
    return HistoryQuery(
        metrics=None if names == (_ALL,) else names,
        since=place.start,
        until=until,
        step=place.step,
        limit=given.limit,
    )


def _step(text: str | None) -> float | None:
    if text is None:
        return None
    step = parse_duration(text)
    if step < MIN_STEP:
        raise InvalidInput(f"a step of {text} is too short", hint="take 1s or more, or no step")
    return step
