"""Alerts, the rules that raise them, and silences."""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence

from chatops.client.events import moment
from chatops.client.session import Session, segment
from chatops.protocol.rest import (
    Alert,
    AlertAck,
    AlertDetail,
    AlertState,
    Op,
    Page,
    Replay,
    Severity,
    Silence,
    SilenceCreate,
    Threshold,
    ThresholdSet,
    ThresholdUpdate,
)


class Alerts:
    """``client.alerts``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(
        self,
        *,
        states: Sequence[AlertState] = (),
        server: str | None = None,
        severity: Severity | None = None,
        since: float | None = None,
        limit: int | None = None,
    ) -> Iterator[Alert]:
        """Alerts newest first; without ``states`` in all of them. ``since`` (Unix seconds) leaves
        out what was resolved before."""
        query = {
            "state": builtins.list(states), "server": server, "severity": severity,
            "since": moment(since),
        }  # fmt: skip
        return self._session.pages("/alerts", Page[Alert], query=query, limit=limit)

    def get(self, alert_id: str) -> AlertDetail:
        """One, with its evidence."""
        return self._session.call("GET", f"/alerts/{segment(alert_id)}", AlertDetail)

    def ack(self, alert_id: str, comment: str | None = None) -> Alert:
        """Say that you take care of it.

        Raises:
            Conflict: it does not fire.
        """
        path = f"/alerts/{segment(alert_id)}/ack"
        return self._session.call("POST", path, Alert, body=AlertAck(comment=comment))

    def resolve(self, alert_id: str) -> Alert:
        """Say that it is over.

        Raises:
            Conflict: it has not fired, or is over already.
        """
        return self._session.call("POST", f"/alerts/{segment(alert_id)}/resolve", Alert)


class Thresholds:
    """``client.thresholds``. A rule is named by its name or id."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, limit: int | None = None) -> Iterator[Threshold]:
        """Rules in order of name."""
        return self._session.pages("/alerts/thresholds", Page[Threshold], query={}, limit=limit)

    def get(self, threshold: str) -> Threshold:
        """One."""
        return self._session.call("GET", f"/alerts/thresholds/{segment(threshold)}", Threshold)

    def set(
        self,
        metric: str,
        op: Op,
        value: float,
        *,
        target: str = "all",
        for_s: float = 60.0,
        clear: float | None = None,
        severity: Severity = "warning",
        name: str | None = None,
    ) -> Threshold:
        """Make a rule, or change the one of that name. ``value`` and ``clear`` are in the metric's
        own unit.

        Raises:
            InvalidInput: an unknown metric, or values that make no sense.
        """
        body = ThresholdSet(
            metric=metric, op=op, value=value, clear=clear, for_s=for_s, severity=severity,
            target=target, name=name,
        )  # fmt: skip
        return self._session.call("POST", "/alerts/thresholds", Threshold, body=body)

    def enable(self, threshold: str, *, enabled: bool = True) -> Threshold:
        """Switch a rule on, or off."""
        path = f"/alerts/thresholds/{segment(threshold)}"
        return self._session.call("PATCH", path, Threshold, body=ThresholdUpdate(enabled=enabled))

    def replay(
        self,
        threshold: str | None = None,
        *,
        metric: str | None = None,
        op: Op | None = None,
        value: float | None = None,
        target: str | None = None,
        for_s: float | None = None,
        clear: float | None = None,
        since: float | None = None,
        until: float | None = None,
    ) -> Replay:
        """When a rule would have fired: one that there is, or ``metric`` ``op`` ``value``; what is
        given beside a rule stands in place of what that says. Without ``since`` the last 24 hours.

        Raises:
            NotFound: there is no such rule, or ``target`` means no server.
            InvalidInput: values that make no sense, or too many servers.
        """
        query = {
            "threshold": threshold, "metric": metric, "op": op, "value": _number(value),
            "target": target, "for_s": _number(for_s), "clear": _number(clear),
            "since": moment(since), "until": moment(until),
        }  # fmt: skip
        return self._session.call("GET", "/alerts/replay", Replay, query=query)

    def remove(self, threshold: str) -> None:
        """Remove a rule; its open alerts are resolved."""
        self._session.call("DELETE", f"/alerts/thresholds/{segment(threshold)}", type(None))


def _number(value: float | None) -> str | None:
    return None if value is None else repr(value)


class Silences:
    """``client.silences``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self) -> builtins.list[Silence]:
        """Those that hold."""
        return self._session.call("GET", "/silences", Page[Silence]).items

    def add(
        self, target: str, for_s: float, *, metric: str | None = None, comment: str | None = None
    ) -> Silence:
        """Silence alerts of some servers for ``for_s`` seconds, of one metric or of all."""
        body = SilenceCreate(target=target, for_s=for_s, metric=metric, comment=comment)
        return self._session.call("POST", "/silences", Silence, body=body)

    def remove(self, silence_id: str) -> None:
        """End a silence now."""
        self._session.call("DELETE", f"/silences/{segment(silence_id)}", type(None))
