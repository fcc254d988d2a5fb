"""The critical alerts, beside what people see; asked for only where that is shown."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

from chatops.cli.context import Cli
from chatops.errors import ChatOpsError
from chatops.protocol.rest import Alert, AlertState

_WITHIN: Final = 2.0
"""Seconds that the hub gets: without it there is just no word of them."""


def critical_alerts(cli: Cli, states: Sequence[AlertState]) -> list[Alert]:
    """Those in one of ``states`` that the caller may see; none when the hub does not answer in
    time."""
    where = cli.connection._replace(token=cli.client.token)
    with suppress(ChatOpsError), cli.client_for(where, timeout=_WITHIN) as client:
        return list(client.alerts.list(states=states, severity="critical"))
    return []


def names_of(alerts: list[Alert]) -> set[str]:
    """The servers that they are about."""
    return {
        name
        for alert in alerts
        for name in alert.servers or ([alert.server] if alert.server else [])
    }
