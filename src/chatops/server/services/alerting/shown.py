"""Alerts as they are kept, and as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from chatops.protocol import rest
from chatops.server.crud.alerts import AlertRow
from chatops.server.db.models import Alert as Row
from chatops.server.services.alerting.machine import Alert
from chatops.server.services.alerting.rule import Rule, understood
from chatops.server.services.alerting.sentences import together
from chatops.units import format_time, time_or_none

NameOf = Callable[[str], str | None]
"""The name of a server by its id; None of one that is not there, or not for the one who asks."""


def row_of(alert: Alert) -> AlertRow:
    """What is kept of an alert."""
    rule = alert.rule
    return AlertRow(
        id=alert.id,
        server_id=alert.server_id,
        threshold_id=rule.id or None,
        threshold_name=rule.name,
        metric=rule.watched.name,
        instance=alert.instance,
        op=rule.op,
        threshold=rule.value,
        value=alert.value,
        severity=rule.severity,
        state=alert.state,
        stale=alert.stale,
        silenced=alert.silenced,
        message=alert.message,
        started_at=alert.started_at,
        fired_at=alert.fired_at,
        acked_at=alert.acked_at,
        acked_by=alert.acked_by,
        comment=alert.comment,
        resolved_at=alert.resolved_at,
        resolved_reason=alert.reason,
    )


def alert_of(row: Row, rule: Rule | None, members: Mapping[str, bool]) -> Alert:
    """An alert that was kept; ``rule`` is its rule, if that is still there."""
    return Alert(
        id=row.id,
        rule=rule or _rule_of(row),
        server_id=row.server_id,
        instance=row.instance,
        state=cast("rest.AlertState", row.state),
        value=row.value,
        started_at=row.started_at,
        fired_at=row.fired_at,
        acked_at=row.acked_at,
        acked_by=row.acked_by,
        comment=row.comment,
        resolved_at=row.resolved_at,
        reason=cast("rest.ResolvedReason | None", row.resolved_reason),
        stale=row.stale,
        silenced=row.silenced,
        message=row.message,
        members=dict(members),
    )


def same_rule(row: Row, rule: Rule) -> bool:
    """Whether a rule is, as far as the alert knows, the one that raised it."""
    kept = (row.metric, row.op, row.threshold, row.severity)
    return kept == (rule.watched.name, rule.op, rule.value, rule.severity)


def to_rest(row: AlertRow, members: Mapping[str, bool], name_of: NameOf) -> rest.Alert:
    """An alert for somebody who knows the servers that ``name_of`` names."""
    own = row["server_id"]
    named = {name: back for one, back in members.items() if (name := name_of(one)) is not None}
    servers = sorted(name for name, back in named.items() if not back) or sorted(named)
    return rest.Alert(
        id=row["id"],
        server=name_of(own) if own else None,
        metric=row["metric"],
        instance=row["instance"] or None,
        threshold_id=row["threshold_id"],
        threshold_name=row["threshold_name"],
        state=row["state"],
        stale=row["stale"],
        severity=row["severity"],
        value=row["value"],
        threshold=row["threshold"],
        op=row["op"],
        message=row["message"] if own else together(servers),
        started_at=format_time(row["started_at"]),
        fired_at=time_or_none(row["fired_at"]),
        acked_by=row["acked_by"],
        resolved_at=time_or_none(row["resolved_at"]),
        resolved_reason=row["resolved_reason"],
        comment=row["comment"],
        silenced=row["silenced"],
        servers=None if own else servers,
    )


def from_row(row: Row, members: Mapping[str, bool], name_of: NameOf) -> rest.Alert:
    """The same of a row that was read."""
    return to_rest(cast("AlertRow", row.model_dump()), members, name_of)


def detail(alert: rest.Alert, evidence: Any) -> rest.AlertDetail:
    """An alert with what its agent told."""
    fields = {name: getattr(alert, name) for name in alert.__struct_fields__}
    return rest.AlertDetail(**fields, evidence=evidence)


def _rule_of(row: Row) -> Rule:
    """What is known of a rule that is not there any more."""
    return Rule(
        id=row.threshold_id or "", name=row.threshold_name, watched=understood(row.metric),
        op=cast("rest.Op", row.op), value=row.threshold, clear=row.threshold, for_s=0.0,
        severity=cast("rest.Severity", row.severity),
    )  # fmt: skip
