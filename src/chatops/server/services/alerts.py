"""AlertDesk: alerts, as people look at them and take care of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, NotFound
from chatops.protocol import rest
from chatops.server.crud import alerts as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Alert as Row
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.access import Access, Principal
from chatops.server.services.alerting.machine import Alert
from chatops.server.services.alerting.outbox import AlertEvent, Outbox
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.alerting.shown import detail, from_row, row_of, to_rest
from chatops.server.services.alerting.writer import trial
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.server_finder import ServerFinder


class AlertDesk:
    """Lists and shows alerts; acknowledges and resolves them."""

    def __init__(
        self,
        database: Database,
        servers: ServerFinder,
        alerts: AlertService,
        outbox: Outbox,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._alerts = alerts
        self._outbox = outbox
        self._audit = audit
        self._clock = clock

    async def page(
        self,
        principal: Principal,
        *,
        server: str | None,
        states: Collection[rest.AlertState] | None,
        severity: rest.Severity | None,
        since: float | None,
        limit: int,
        cursor: str | None,
    ) -> rest.Page[rest.Alert]:
        """Alerts newest first, of servers that the caller may see; ``since`` is about resolved
        ones.

        Raises:
            NotFound: ``server`` is not there for this caller.
        """
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, server)
            rows, after = await crud.list_page(
                session, server_ids=ids, states=states, severity=severity, since=since,
                limit=limit, cursor=cursor,
            )  # fmt: skip
            found = await self._show_all(session, principal, rows)
        return rest.Page(items=found, next=after)

    async def show(self, principal: Principal, alert_id: str) -> rest.AlertDetail:
        """One, with its evidence.

        Raises:
            NotFound: there is none for this caller.
        """
        async with self._database.read() as session:
            row = await self._find(session, principal, alert_id)
            (shown,) = await self._show_all(session, principal, [row])
        return detail(shown, row.evidence)

    async def acknowledge(
        self, principal: Principal, origin: Origin, alert_id: str, comment: str | None
    ) -> rest.Alert:
        """Say that the caller takes care of an alert.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it does not fire.
        """
        async with self._database.write() as session:
            alert = await self._open(session, principal, alert_id)
            if alert.state == "acknowledged":
                raise Conflict(f"{alert.acked_by} has acknowledged the alert already")
            after = trial(alert)
            after.state, after.acked_by, after.comment = "acknowledged", principal.name, comment
            now = after.acked_at = self._clock.now()
            shown = await self._write(session, principal, origin, "acknowledged", after)
        machine = self._alerts.machine
        if alert.state == "firing":  # still
            steps = machine.acknowledge(alert, principal.name, comment, now)
            self._alerts.note(steps, delivered=True)
        self._outbox.wake()
        return shown

    async def resolve(self, principal: Principal, origin: Origin, alert_id: str) -> rest.Alert:
        """Say that an alert is over.

        Raises:
            NotFound, NotPermitted: for this caller.
            Conflict: it has not fired, or is over already.
        """
        async with self._database.write() as session:
            alert = await self._open(session, principal, alert_id)
            after = trial(alert)
            after.state, after.reason, after.stale = "resolved", "manual", False
            now = after.resolved_at = self._clock.now()
            shown = await self._write(session, principal, origin, "resolved", after)
        if alert.state != "resolved":
            steps = self._alerts.machine.resolve(alert, "manual", now)
            self._alerts.note(steps, delivered=True)
        self._outbox.wake()
        return shown

    async def purge(self, before: float, limit: int) -> int:
        """Delete at most ``limit`` alerts that were resolved before that time; how many it were."""
        async with self._database.write() as session:
            return await crud.delete_before(session, before=before, limit=limit)

    # -- inside -----------------------------------------------------------------------------

    async def _write(
        self,
        session: AsyncSession,
        principal: Principal,
        origin: Origin,
        event: AlertEvent,
        after: Alert,
    ) -> rest.Alert:
        change = self._alerts.change_of(event, after)

        def write(tx: Transaction) -> None:
            crud.save(tx, row_of(after), after.members)
            if event == "resolved" or not after.silenced:
                self._outbox.note(tx, [change])

        await in_session(session, write)
        named = {"rule": after.rule.name}
        if change.alert.server is not None:
            named["server"] = change.alert.server
        if after.comment is not None and event == "acknowledged":
            named["comment"] = after.comment
        action = "alerts.ack" if event == "acknowledged" else "alerts.resolve"
        await self._audit.record(session, origin, action, after.id, detail=named)
        names = await self._names(session, principal, after.members.keys() | {after.server_id})
        return to_rest(row_of(after), after.members, names.get)

    async def _open(self, session: AsyncSession, principal: Principal, alert_id: str) -> Alert:
        """The alert, as it is now, if the caller may do something about it.

        Raises:
            NotFound, NotPermitted, Conflict: as the words say.
        """
        row = await self._find(session, principal, alert_id, Access.OPERATOR)
        alert = self._alerts.machine.find(row.id)
        if alert is None:
            raise Conflict("the alert is resolved already")
        if not alert.fired:
            raise Conflict("the alert is only pending: it has not fired")
        return alert

    async def _find(
        self,
        session: AsyncSession,
        principal: Principal,
        alert_id: str,
        access: Access = Access.VIEWER,
    ) -> Row:
        row = await crud.get(session, alert_id)
        if row is None:
            raise _no_alert(alert_id)
        if row.server_id is not None:
            await self._check(session, principal, row.server_id, alert_id, access)
            return row
        members = (await crud.members(session, [row.id])).get(row.id, {})
        names = await self._names(session, principal, members)
        if not names and principal.role != "admin":
            raise _no_alert(alert_id)
        if access is not Access.VIEWER:  # what is of several needs the right on each of them
            for server_id in members:
                await self._check(session, principal, server_id, alert_id, access)
        return row

    async def _check(
        self,
        session: AsyncSession,
        principal: Principal,
        server_id: str,
        alert_id: str,
        access: Access,
    ) -> None:
        try:
            await self._servers.find_in(session, principal, server_id, access)
        except NotFound:
            raise _no_alert(alert_id) from None

    async def _show_all(
        self, session: AsyncSession, principal: Principal, rows: list[Row]
    ) -> list[rest.Alert]:
        several = [row.id for row in rows if row.server_id is None]
        members = await crud.members(session, several) if several else {}
        concerned = {row.server_id for row in rows} | {
            one for mine in members.values() for one in mine
        }
        names = await self._names(session, principal, concerned)
        return [from_row(row, members.get(row.id, {}), names.get) for row in rows]

    async def _names(
        self, session: AsyncSession, principal: Principal, ids: Collection[str | None]
    ) -> Mapping[str, str]:
        """Names by id of those of the servers that the caller may see."""
        wanted = {one for one in ids if one is not None}
        facts = await servers_crud.facts(session, ids=wanted, visible_to=principal.only_user)
        return {one.id: one.name for one in facts if principal.covers(one)}


def _no_alert(alert_id: str) -> NotFound:
    return NotFound(f"there is no alert {alert_id[:80]!r}", hint="see `chatops alerts list`")
