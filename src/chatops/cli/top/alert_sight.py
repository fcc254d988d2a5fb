"""What the user does with alerts: looks at one, acknowledges one. No I/O."""

from __future__ import annotations

import time

from chatops.cli.top.agenda import Job
from chatops.cli.top.feed import Feed
from chatops.cli.top.news import Told
from chatops.cli.top.spans import Span, safe
from chatops.protocol.rest import Alert, AlertDetail


class AlertSight:
    """``shown`` is the alert on the screen, ``full`` what the hub tells of it, ``note`` why it
    does not. ``said`` is what became of the last acknowledgement."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.shown: Alert | None = None
        self.full: AlertDetail | None = None
        self.note: str | None = None
        self.said: Span | None = None

    def open(self, alert: Alert) -> None:
        """Look at one."""
        self.shown, self.full, self.note, self.said = alert, None, None, None
        self._ask(Job("alert", (alert.id,)))

    def close(self) -> None:
        """Look at none."""
        self.shown = self.full = self.note = self.said = None

    def acknowledge(self, alert: Alert) -> None:
        """Tell the hub that the user takes care of it, now or not at all: who waits for a hub that
        is gone may not be there any more when it comes back."""
        if not self._feed.link.is_up("list"):
            self.said = ("not acknowledged: the hub is gone", "bad")
            return
        self.said = (f"acknowledging {safe(alert.threshold_name, 60)} …", "dim")
        self._ask(Job("ack", (alert.id,)))

    def changed(self, alert: Alert) -> None:
        """An alert changed: the one on the screen is asked for again."""
        if self.shown is not None and self.shown.id == alert.id:
            self._ask(Job("alert", (alert.id,)))

    def told(self, one: Told) -> Alert | None:
        """An answer of the hub's; the alert as it is now."""
        if one.kind == "ack":
            return self._acknowledged(one)
        if self.shown is None or self.shown.id != one.about:
            return None
        self.note = one.note
        if isinstance(one.answer, AlertDetail):
            self.shown = self.full = one.answer
        return None

    def _acknowledged(self, one: Told) -> Alert | None:
        if not isinstance(one.answer, Alert):
            self.said = (f"not acknowledged: {safe(one.note)}", "bad")
            return None
        self.said = (f"acknowledged {safe(one.answer.threshold_name, 60)}", "good")
        if self.shown is not None and self.shown.id == one.about:
            self._ask(Job("alert", (one.about,)))
        self._feed.agenda.hurry("alerts", time.monotonic())
        return one.answer

    def _ask(self, job: Job) -> None:
        self._feed.agenda.once(job)
        self._feed.wake()
