"""From rows to what is evaluated, and how it stood when the hub ended."""

from __future__ import annotations

from typing import Final, cast

from chatops.clock import Clock
from chatops.protocol import rest
from chatops.protocol.target import parse_target
from chatops.server.crud import alerts, fleet, silences, thresholds
from chatops.server.db.engine import Database
from chatops.server.db.models import AlertThreshold, Silence
from chatops.server.services.alerting.hush import Hush
from chatops.server.services.alerting.machine import REST
from chatops.server.services.alerting.plans import Scope
from chatops.server.services.alerting.rule import Rule, default_clear, understood
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.alerting.shown import alert_of, same_rule

LONG: Final = 150.0
"""Seconds without a server, after which nothing is known of what was meanwhile. What the database
says of when it was last heard may be a minute old, and a start takes its time."""


def rule_of(row: AlertThreshold) -> Rule:
    """A rule as it is evaluated."""
    op, watched = cast("rest.Op", row.op), understood(row.metric)
    return Rule(
        id=row.id, name=row.name, watched=watched, op=op, value=row.value,
        clear=default_clear(watched, op, row.value) if row.clear is None else row.clear,
        for_s=row.for_s, severity=cast("rest.Severity", row.severity),
    )  # fmt: skip


def scope_of(row: AlertThreshold | Silence) -> Scope:
    """Whom a rule or a silence is for."""
    return Scope(parse_target(row.target, longest=None), row.created_by)


def hush_of(row: Silence) -> Hush:
    """A silence as alerts meet it."""
    return Hush(row.id, scope_of(row), row.metric, row.until)


async def load(database: Database, service: AlertService, clock: Clock) -> None:
    """Go on where the hub ended. Alerts whose rule changed, or went, just before it did are
    resolved now. Of servers that were not heard for long, as when the hub was down, nothing is
    known: their alerts are stale, and what was pending begins anew."""
    now = clock.now()
    last_seen = await database.look(fleet.last_seen)
    service.outages.load(last_seen)
    await service.look()
    async with database.read() as session:
        rules = {row.id: row for row in await thresholds.everyone(session)}
        for row in rules.values():
            if row.enabled:
                service.plans.put(rule_of(row), scope_of(row))
        for silence in await silences.holding(session, now=now):
            service.hushes.put(hush_of(silence))
        found = await alerts.unsettled(session, resolved_since=now - REST)
        members = await alerts.members(session, [one.id for one in found])
    for alert in found:
        rule = service.plans.get(alert.threshold_id or "")
        same = rule is not None and same_rule(alert, rule)
        service.machine.load(alert_of(alert, rule if same else None, members.get(alert.id, {})))
        if not same and alert.state != "resolved":
            service.resolve_alert(alert.id, "rule changed" if rule else "rule disabled")
    service.settle()
    for server_id, seen in last_seen.items():
        if now - seen > LONG and service.machine.of(server_id):  # who knows what was meanwhile
            service.note(service.machine.leave(server_id))
