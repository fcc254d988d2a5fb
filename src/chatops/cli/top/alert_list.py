"""The list of alerts, with the keys that do something about the one under the cursor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message

from chatops.cli.top import alert_lines
from chatops.cli.top.lines import Lines
from chatops.cli.top.spans import Spans
from chatops.cli.top.state import State
from chatops.protocol.rest import Alert


class AlertList(Lines):
    """The cursor stays on its alert when others come and go."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "acknowledge", "Acknowledge"),
        Binding("enter", "details", "Details", key_display="Enter"),
    ]

    class Wanted(Message):
        """The user wants to see an alert in full (``details``), or acknowledges it."""

        def __init__(self, alert: Alert, *, details: bool) -> None:
            super().__init__()
            self.alert = alert
            self.details = details

    def __init__(self, state: State, *, id: str) -> None:  # noqa: A002  (Textual's name)
        super().__init__(self._alert_line, cursor=True, id=id)
        self._state = state
        self._alerts: Sequence[Alert] = ()
        self._chosen: str | None = None

    def show_alerts(self, alerts: Sequence[Alert]) -> None:
        """These are open now."""
        self._alerts = alerts
        ids = [alert.id for alert in alerts]
        place = ids.index(self._chosen) if self._chosen in ids else None
        self.show(max(len(alerts), 1), place)
        self._keep_chosen()

    def action_move(self, by: int) -> None:
        """The cursor up or down."""
        super().action_move(by)
        self._keep_chosen()
        self._state.sight.said = None
        self.app.paint()  # type: ignore[attr-defined]  # TopApp

    def action_acknowledge(self) -> None:
        """Take care of the one under the cursor."""
        self._want(details=False)

    def action_details(self) -> None:
        """Show it in full."""
        self._want(details=True)

    def on_lines_chosen(self) -> None:
        self.action_details()

    def _want(self, *, details: bool) -> None:
        if self.at < len(self._alerts):
            self.post_message(self.Wanted(self._alerts[self.at], details=details))

    def _keep_chosen(self) -> None:
        self._chosen = self._alerts[self.at].id if self.at < len(self._alerts) else None

    def _alert_line(self, number: int, width: int) -> Spans:
        if number < len(self._alerts):
            return alert_lines.line(self._alerts[number], width, self._state.moment)
        known = self._state.fleet.alarms.known
        return [(alert_lines.EMPTY if known else "waiting for the hub …", "dim")]
