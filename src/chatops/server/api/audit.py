"""/audit: who did what, and whether the trail holds."""

from __future__ import annotations

from chatops.protocol import rest
from chatops.server.api.operation import Call, NoQuery
from chatops.server.api.queries import AuditQuery, PageQuery, moment


async def list_audit(call: Call[AuditQuery, None]) -> rest.Page[rest.AuditRecord]:
    """List the audit trail, newest first."""
    query = call.query
    return await call.services.audit.page(
        user=query.user,
        action=query.action,
        target=query.target,
        outcome=query.outcome,
        since=moment(query.since, "since"),
        until=moment(query.until, "until"),
        limit=query.limit,
        cursor=query.cursor,
    )


async def verify_audit(call: Call[NoQuery, None]) -> rest.AuditVerdict:
    """Check the whole audit trail against its chain and its head anchor."""
    return await call.services.verifier.verify()


async def export_audit(call: Call[PageQuery, None]) -> rest.Page[rest.ChainedRecord]:
    """List whole audit records with their hashes, oldest first."""
    return await call.services.audit.export(limit=call.query.limit, cursor=call.query.cursor)
