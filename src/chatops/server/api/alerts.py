"""/alerts: what is wrong, what was, and who takes care of it."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import AlertsQuery, moment


async def list_alerts(call: Call[AlertsQuery, None]) -> rest.Page[rest.Alert]:
    """List alerts of the servers that the caller may see, newest first."""
    query = call.query
    return await call.services.alerts.page(
        call.principal,
        server=query.server,
        states=query.state or None,
        severity=query.severity,
        since=moment(query.since, "since"),
        limit=query.limit,
        cursor=query.cursor,
    )


async def show_alert(call: Call[NoQuery, None]) -> rest.AlertDetail:
    """Show an alert, with what its agent told when it fired."""
    return await call.services.alerts.show(call.principal, call.path["alert"])


async def ack_alert(call: Call[NoQuery, rest.AlertAck]) -> rest.Alert:
    """Say that the caller takes care of an alert: nobody is reminded of it any more."""
    return await call.services.alerts.acknowledge(
        call.principal, call.origin, call.path["alert"], call.body.comment
    )


async def resolve_alert(call: Call[NoQuery, None]) -> rest.Alert:
    """Say that an alert is over; if its rule goes on to hold, it comes again later."""
    return await call.services.alerts.resolve(call.principal, call.origin, call.path["alert"])
