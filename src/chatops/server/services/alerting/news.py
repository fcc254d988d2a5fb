"""What those hear of alerts who look: lines of the logs, and frames to subscribers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Final

from chatops.protocol import rest
from chatops.server.services.alerting.evidence import EvidenceCollector
from chatops.server.services.alerting.fleet_view import FleetView
from chatops.server.services.alerting.hush import concerned
from chatops.server.services.alerting.machine import MAX_OPEN, Alert
from chatops.server.services.alerting.sentences import entry
from chatops.server.services.alerting.shown import row_of, to_rest
from chatops.server.services.alerting.writer import Told
from chatops.server.services.log_entries import LogService
from chatops.server.services.ws_manager import WSManager

SOURCE: Final = "alert"
"""The source of alerts' lines in the logs."""
_LEVELS: Final = {"info": "info", "warning": "warning", "critical": "critical"}
_log = logging.getLogger(__name__)


class AlertNews:
    """Tells what is committed. Who watches a server hears of it what concerns that server."""

    def __init__(
        self,
        logs: LogService,
        subscribers: WSManager,
        fleet: FleetView,
        evidence: EvidenceCollector,
    ) -> None:
        self._logs = logs
        self._subscribers = subscribers
        self._fleet = fleet
        self._evidence = evidence

    def tell(self, told: Sequence[Told]) -> None:
        """Lines and frames."""
        for one in told:
            event, shown = one.change.event, one.change.alert
            facts = {"server": shown.server, "rule": shown.threshold_name, "event": event}
            _log.info("alert: %s", entry(event, shown), extra=facts)
            level = "info" if event != "firing" else _LEVELS[shown.severity]
            for server_id in concerned(one.step.alert):
                self._tell_of(server_id, level, one)
            if event == "firing":
                self._evidence.ask(one.step.alert)

    def full(self, server_id: str) -> None:
        """A server has so many alerts that it gets no more."""
        text = f"has {MAX_OPEN} alerts that are not resolved, the most that may be; others are lost"
        name = self._fleet.name(server_id)
        self._logs.note(server_id, "error", SOURCE, f"this server {text}")
        _log.error("the server %s %s", name, text, extra={"server_id": server_id})

    def _tell_of(self, server_id: str, level: str, told: Told) -> None:
        name = self._fleet.name(server_id)
        if name is None:
            return
        shown = told.change.alert
        if shown.server is None:  # of several servers: who watches one may not see the others
            shown = self._alone(told.step.alert, server_id)
        self._logs.note(server_id, level, SOURCE, entry(told.change.event, shown))
        self._subscribers.broadcast_alert(server_id, shown)

    def _alone(self, alert: Alert, server_id: str) -> rest.Alert:
        def name_of(one: str) -> str | None:
            return self._fleet.name(one) if one == server_id else None

        return to_rest(row_of(alert), alert.members, name_of)
