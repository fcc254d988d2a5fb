"""Changes of alerts as AlertService tells them to delivery."""

from __future__ import annotations

from typing import Any

from chatops.ids import new_id
from chatops.protocol.rest import Alert
from chatops.protocol.target import Facts
from chatops.server.services.alerting.outbox import Affected, AlertChange, AlertEvent

SERVER = Facts(new_id(), "web-1", {"env": "prod"})


def change(
    event: AlertEvent = "firing",
    alert_id: str | None = None,
    *,
    server: Facts | None = SERVER,
    **fields: Any,
) -> AlertChange:
    """Something that happened to an alert on ``server``; None: to several that dropped."""
    given: dict[str, Any] = {
        "id": alert_id or new_id(),
        "server": server.name if server else None,
        "metric": "disk",
        "instance": "/",
        "threshold_id": new_id(),
        "threshold_name": "disk-full",
        "state": event,
        "stale": False,
        "severity": "warning",
        "value": 95.5,
        "threshold": 90.0,
        "op": "gt",
        "message": "disk is 95.5 %, above 90 %",
        "started_at": "2026-01-02T03:04:05.000Z",
        "fired_at": "2026-01-02T03:05:05.000Z",
        "acked_by": None,
        "resolved_at": "2026-01-02T04:00:00.000Z" if event == "resolved" else None,
        "resolved_reason": "cleared" if event == "resolved" else None,
    }
    return AlertChange(
        event, Alert(**(given | fields)), (Affected(server, None),) if server else ()
    )


def resolved(one: AlertChange) -> AlertChange:
    """The end of an alert."""
    server = one.servers[0].server if one.servers else None
    return change("resolved", one.alert.id, server=server, severity=one.alert.severity)
