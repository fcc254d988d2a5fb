"""``chatops alerts watch``: what becomes of alerts.

The hub is asked again and again what is open, and what was resolved since: all of it is in its
database, so that nothing is missed while the hub, or the way to it, is away. Sockets are of one
server each, and would miss that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from chatops.cli.context import Cli
from chatops.cli.running.following import PASSING
from chatops.cli.watching import News
from chatops.errors import NotFound
from chatops.protocol.rest import Alert, AlertState, Severity
from chatops.text import escape
from chatops.units import parse_time

ASK_AGAIN: Final = 1.0
"""Seconds after which the hub is asked again."""
SKEW: Final = 600.0
"""Seconds by which this machine's clock may be ahead of the hub's."""
_OPEN: Final[tuple[AlertState, ...]] = ("firing", "acknowledged")


class Filter(NamedTuple):
    """Which alerts: those of one server, of one severity, or all."""

    server: str | None
    severity: Severity | None


class Changes:
    """Tells what is new in what the hub says. Pure. ``since`` is the time (Unix seconds) from which
    on resolved alerts are asked for; ``before`` are those that were resolved already."""

    def __init__(self, since: float, before: Iterable[Alert]) -> None:
        self.since = since
        self._open: dict[str, Alert] = {}
        self._over: set[str] = set()
        for alert in before:
            self._end(alert)

    def see(self, now: Iterable[Alert], over: Iterable[Alert]) -> list[Alert]:
        """The alerts that are not as they were, oldest first. ``now`` are those that are open,
        ``over`` those that were resolved from ``since`` on."""
        found = [one for one in over if one.id not in self._over and one.fired_at is not None]
        for alert in found:
            self._end(alert)
        for alert in now:
            if alert.id not in self._over and self._open.get(alert.id) != alert:
                self._open[alert.id] = alert
                found.append(alert)
        return sorted(
            found, key=lambda alert: (alert.resolved_at or alert.fired_at or "", alert.id)
        )

    def is_open(self, alert_id: str) -> bool:
        """Whether it is, as far as is known."""
        return alert_id in self._open

    def vanished(self, now: Iterable[Alert]) -> list[str]:
        """Those that were open, are not any more, and were not told of as resolved."""
        return list(self._open.keys() - {alert.id for alert in now})

    def drop(self, alert_id: str) -> None:
        """It is not there any more."""
        self._open.pop(alert_id, None)

    def _end(self, alert: Alert) -> None:
        self._over.add(alert.id)
        self._open.pop(alert.id, None)
        if alert.resolved_at is not None:
            self.since = max(self.since, parse_time(alert.resolved_at))


def follow_alerts(cli: Cli, wanted: Filter, *, until_clear: bool) -> Iterator[Alert]:
    """Every open alert, then each that fires, is acknowledged, becomes stale or is resolved, as it
    is then; with ``until_clear`` until none is open.

    Raises:
        NotFound: the server is not there for the caller.
        ChatOpsError: the hub refuses, or is not there at the start.
    """
    since = time.time() - SKEW
    changes = Changes(since, _ask(cli, wanted, ["resolved"], since))
    news, away = News(cli.out.say), False
    while True:
        try:
            now, found = _changed(cli, wanted, changes)
        except PASSING:
            if not away:
                news.change("lost")
            away = True
        else:
            if away:
                news.change("back")
            away = False
            yield from found
            if until_clear and not now:
                return
        time.sleep(ASK_AGAIN)


def _changed(cli: Cli, wanted: Filter, changes: Changes) -> tuple[list[Alert], list[Alert]]:
    """What is open, and what is new. First what is open: what ends meanwhile is told twice rather
    than not at all, and the second time not again."""
    now = _ask(cli, wanted, _OPEN)
    over = _ask(cli, wanted, ["resolved"], changes.since)
    found = changes.see(now, over)
    now = [one for one in now if changes.is_open(one.id)]
    for alert_id in changes.vanished(now):
        try:
            alert = cli.client.alerts.get(alert_id)
        except NotFound:
            cli.out.say(f"alert {escape(alert_id)} is gone, or not for you to see any more")
            changes.drop(alert_id)
        else:
            found += changes.see([], [alert] if alert.state == "resolved" else [])
    return now, found


def _ask(
    cli: Cli, wanted: Filter, states: Iterable[AlertState], since: float | None = None
) -> list[Alert]:
    return list(
        cli.client.alerts.list(
            states=list(states), server=wanted.server, severity=wanted.severity, since=since
        )
    )
