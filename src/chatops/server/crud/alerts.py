"""Alerts, and the servers of those that are of several."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, TypedDict

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from chatops.protocol.rest import AlertState, Op, ResolvedReason, Severity
from chatops.server.crud.filters import Conditions
from chatops.server.crud.limited import delete_some
from chatops.server.crud.paging import page
from chatops.server.db.models import Alert, AlertServer, AlertThreshold, Server
from chatops.server.db.statement import Statement
from chatops.server.db.transactions import Transaction

OPEN: Final = ("firing", "acknowledged")
"""The states that count as open: pending ones may never fire."""


class AlertRow(TypedDict):
    """All that is kept of an alert but its evidence."""

    id: str
    server_id: str | None
    threshold_id: str | None
    threshold_name: str
    metric: str
    instance: str
    op: Op
    threshold: float
    value: float | None
    severity: Severity
    state: AlertState
    stale: bool
    silenced: bool
    message: str
    started_at: float
    fired_at: float | None
    acked_at: float | None
    acked_by: str | None
    comment: str | None
    resolved_at: float | None
    resolved_reason: ResolvedReason | None


_new = upsert(Alert)
_SAVE: Final = Statement(
    _new.on_conflict_do_update(
        index_elements=["id"],
        set_={name: _new.excluded[name] for name in AlertRow.__annotations__ if name != "id"},
    ),
    AlertRow.__annotations__,
)
_FORGET: Final = Statement(delete(Alert).where(col(Alert.id) == bindparam("alert")))
_SERVER: Final = Statement(select(col(Server.id)).where(col(Server.id) == bindparam("id")))
_RULE: Final = Statement(
    select(col(AlertThreshold.id)).where(col(AlertThreshold.id) == bindparam("id"))
)
_new_member = upsert(AlertServer)
_SAVE_MEMBER: Final = Statement(
    _new_member.on_conflict_do_update(
        index_elements=["alert_id", "server_id"], set_={"back": _new_member.excluded["back"]}
    ),
    ["alert_id", "server_id", "back"],
)
_EVIDENCE: Final = Statement(
    update(Alert).where(col(Alert.id) == bindparam("alert")).values(evidence=bindparam("evidence"))
)


def save(tx: Transaction, row: AlertRow, members: Mapping[str, bool]) -> bool:
    """Write an alert as it is now; ``members`` are the servers it is of, and whether each is back,
    if it is of several. False, and nothing is written, if its server is gone."""
    if row["server_id"] is not None and not tx.first(_SERVER, {"id": row["server_id"]}):
        return False
    if row["threshold_id"] is not None and not tx.first(_RULE, {"id": row["threshold_id"]}):
        row["threshold_id"] = None
    tx.run(_SAVE, row)
    for server_id, back in members.items():
        if tx.first(_SERVER, {"id": server_id}):
            member = {"alert_id": row["id"], "server_id": server_id, "back": back}
            tx.run(_SAVE_MEMBER, member)
    return True


def forget(tx: Transaction, alert_id: str) -> None:
    """Delete an alert that never fired; one that is not there is fine."""
    tx.run(_FORGET, {"alert": alert_id})


def set_evidence(tx: Transaction, alert_id: str, evidence: Mapping[str, Any]) -> None:
    """Keep what the agent told; of an alert that is gone nothing is kept."""
    tx.run(_EVIDENCE, {"alert": alert_id, "evidence": evidence})


async def get(session: AsyncSession, alert_id: str) -> Alert | None:
    """The alert of this id."""
    return await session.get(Alert, alert_id)


async def unsettled(session: AsyncSession, *, resolved_since: float) -> Sequence[Alert]:
    """All that are not resolved, and those resolved by hand since then; oldest first."""
    by_hand = and_(col(Alert.resolved_reason) == "manual", col(Alert.resolved_at) >= resolved_since)
    statement = select(Alert).where(or_(col(Alert.state) != "resolved", by_hand))
    return (await session.scalars(statement.order_by(col(Alert.id)))).all()


async def members(session: AsyncSession, alert_ids: Collection[str]) -> dict[str, dict[str, bool]]:
    """The servers of alerts that are of several, and whether each is back, by alert."""
    statement = select(AlertServer).where(col(AlertServer.alert_id).in_(alert_ids))
    found: dict[str, dict[str, bool]] = {}
    for row in await session.scalars(statement):
        found.setdefault(row.alert_id, {})[row.server_id] = row.back
    return found


async def list_page(
    session: AsyncSession,
    *,
    limit: int,
    cursor: str | None = None,
    server_ids: Collection[str] | None = None,
    states: Collection[AlertState] | None = None,
    severity: Severity | None = None,
    since: float | None = None,
) -> tuple[list[Alert], str | None]:
    """Alerts newest first, of ``server_ids`` (None: of all); ``since`` is the least time of the
    resolution of those that are resolved."""
    conditions = _of_servers(server_ids)
    if states is not None:
        conditions.append(col(Alert.state).in_(states))
    if severity is not None:
        conditions.append(col(Alert.severity) == severity)
    if since is not None:
        conditions.append(or_(col(Alert.state) != "resolved", col(Alert.resolved_at) >= since))
    by = [col(Alert.started_at), col(Alert.id)]
    statement = select(Alert).where(*conditions)
    return await page(session, statement, by=by, limit=limit, cursor=cursor, newest_first=True)


async def open_by_server(
    session: AsyncSession, server_ids: Collection[str] | None = None
) -> dict[str, int]:
    """How many alerts are open, by server id; servers without any are left out. Of those that are
    of several servers, each that is away has one."""
    found: dict[str, int] = {}
    for statement in (_own(server_ids), _together(server_ids)):
        for server_id, number in await session.execute(statement):
            found[server_id] = found.get(server_id, 0) + number
    return found


def _own(server_ids: Collection[str] | None) -> Any:
    server = col(Alert.server_id)
    statement = select(server, func.count()).where(col(Alert.state).in_(OPEN)).group_by(server)
    return statement.where(server.is_not(None) if server_ids is None else server.in_(server_ids))


def _together(server_ids: Collection[str] | None) -> Any:
    server = col(AlertServer.server_id)
    statement = (
        select(server, func.count())
        .join(Alert, col(Alert.id) == col(AlertServer.alert_id))
        .where(col(Alert.state).in_(OPEN), col(AlertServer.back).is_(False))
        .group_by(server)
    )
    return statement if server_ids is None else statement.where(server.in_(server_ids))


async def count_by_state(
    session: AsyncSession, server_ids: Collection[str] | None = None
) -> dict[str, int]:
    """How many alerts are in each state, resolved ones left out."""
    state = col(Alert.state)
    statement = select(state, func.count()).where(state != "resolved").group_by(state)
    statement = statement.where(*_of_servers(server_ids))
    return dict((await session.execute(statement)).all())


async def delete_before(session: AsyncSession, *, before: float, limit: int) -> int:
    """Delete at most ``limit`` alerts that were resolved before that time; how many it were."""
    over = and_(col(Alert.state) == "resolved", col(Alert.resolved_at) < before)
    return await delete_some(session, Alert, col(Alert.id), over, limit=limit)


def _of_servers(server_ids: Collection[str] | None) -> Conditions:
    if server_ids is None:
        return []
    together = select(col(AlertServer.alert_id)).where(col(AlertServer.server_id).in_(server_ids))
    found: ColumnElement[bool] = or_(
        col(Alert.server_id).in_(server_ids), col(Alert.id).in_(together)
    )
    return [found]
