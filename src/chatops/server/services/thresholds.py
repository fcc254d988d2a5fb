"""ThresholdService: rules, as people see and change them.

A rule covers the servers that its owner may operate, now and later. Others see it if it covers a
server of theirs; only its owner and administrators change it. The hub's own rules have no owner.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, NotFound, NotPermitted
from chatops.ids import is_id
from chatops.protocol import rest
from chatops.protocol.limits import MAX_THRESHOLDS
from chatops.protocol.names import check_name
from chatops.protocol.target import Facts, Target, parse_target
from chatops.server.crud import thresholds as crud
from chatops.server.crud import users
from chatops.server.db.engine import Database
from chatops.server.db.models import AlertThreshold
from chatops.server.services.access import Principal
from chatops.server.services.alerting.loading import rule_of, scope_of
from chatops.server.services.alerting.rule import check_side, check_values, parse_watched
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.server_finder import ServerFinder
from chatops.server.services.targets import lasting


class ThresholdService:
    """Lists, sets and removes rules."""

    def __init__(
        self,
        database: Database,
        servers: ServerFinder,
        alerts: AlertService,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._alerts = alerts
        self._audit = audit
        self._clock = clock

    # -- reading --------------------------------------------------------------------------

    async def page(
        self, principal: Principal, *, limit: int, cursor: str | None
    ) -> rest.Page[rest.Threshold]:
        """Rules in order of name: those that the caller owns, or that cover a server of its."""
        items: list[rest.Threshold] = []
        async with self._database.read() as session:
            seen = {one.id: one for one in await self._servers.seen(session, principal)}
            covering = self._alerts.plans.covering(seen)
            while True:
                want = limit - len(items)
                rows, cursor = await crud.list_page(session, limit=want, cursor=cursor)
                mine = [
                    row
                    for row in rows
                    if row.id in covering or may_change(principal, row.created_by, row.target, seen)
                ]
                items += await self._show_all(session, principal, mine, seen)
                if cursor is None or len(items) >= limit:
                    return rest.Page(items=items, next=cursor)

    async def show(self, principal: Principal, threshold: str) -> rest.Threshold:
        """One, by name or id.

        Raises:
            NotFound: there is none, or none for this caller.
        """
        async with self._database.read() as session:
            row, seen = await self._find(session, principal, threshold)
            (item,) = await self._show_all(session, principal, [row], seen)
        return item

    # -- changing -------------------------------------------------------------------------

    async def set(
        self, principal: Principal, origin: Origin, body: rest.ThresholdSet
    ) -> rest.Threshold:
        """Make a rule, or change the one of that name.

        Raises:
            InvalidInput: an unknown metric, or values that make no sense.
            NotFound, NotPermitted: the target names a server that is not there for this caller, or
                where it is no operator; or the rule is somebody else's.
            Conflict: the name is taken, or there are too many rules.
        """
        watched = parse_watched(body.metric)
        check_side(watched, body.op)
        check_values(watched, body.op, body.value, body.clear, body.for_s)
        async with self._database.write() as session:
            target = await lasting(session, self._servers, principal, body.target)
            seen = {one.id: one for one in await self._servers.seen(session, principal)}
            row = await self._put(session, principal, body, target, seen)
            (item,) = await self._show_all(session, principal, [row], seen)
            await self._audit.record(
                session, origin, "thresholds.set", row.name, detail=_detail(item)
            )
        if row.enabled:
            self._alerts.put_rule(rule_of(row), scope_of(row))
        return item

    async def update(
        self, principal: Principal, origin: Origin, threshold: str, changes: rest.ThresholdUpdate
    ) -> rest.Threshold:
        """Switch a rule on or off; its open alerts are resolved when it is off.

        Raises:
            NotFound, NotPermitted: there is none for this caller, or it is somebody else's.
        """
        enabled = changes.enabled
        async with self._database.write() as session:
            row, seen = await self._find(session, principal, threshold, change=True)
            if row.enabled != enabled:
                await crud.update(session, row.id, enabled=enabled)
                await session.refresh(row)
                detail = {"enabled": enabled}
                await self._audit.record(
                    session, origin, "thresholds.update", row.name, detail=detail
                )
            (item,) = await self._show_all(session, principal, [row], seen)
        if enabled:
            self._alerts.put_rule(rule_of(row), scope_of(row))
        else:
            self._alerts.drop_rule(row.id)
        return item

    async def remove(self, principal: Principal, origin: Origin, threshold: str) -> None:
        """Remove a rule; its open alerts are resolved.

        Raises:
            NotFound, NotPermitted: there is none for this caller, or it is somebody else's.
        """
        async with self._database.write() as session:
            row, _ = await self._find(session, principal, threshold, change=True)
            await crud.delete(session, row.id)
            await self._audit.record(session, origin, "thresholds.remove", row.name)
        self._alerts.drop_rule(row.id)

    # -- inside -----------------------------------------------------------------------------

    async def _put(
        self,
        session: AsyncSession,
        principal: Principal,
        body: rest.ThresholdSet,
        target: Target,
        seen: Collection[str],
    ) -> AlertThreshold:
        fields: crud.ThresholdChanges = {
            "metric": body.metric, "op": body.op, "value": body.value, "clear": body.clear,
            "for_s": body.for_s, "severity": body.severity, "target": str(target),
            "server_id": target.one,
        }  # fmt: skip
        name = body.name or await self._free_name(session, body.metric)
        row = await crud.get_by_name(session, name)
        if row is None:
            if await crud.count(session) >= MAX_THRESHOLDS:
                raise Conflict(f"there are {MAX_THRESHOLDS} rules already, the most that may be")
            fields["name"] = check_name(name, "rule name")
            return await crud.create(
                session, created_by=principal.user_id, now=self._clock.now(), **fields
            )
        if not may_change(principal, row.created_by, row.target, seen):
            raise Conflict(
                f"there is a rule {name} already, and it is not yours", hint="choose another name"
            )
        await crud.update(session, row.id, **fields)
        await session.refresh(row)
        return row

    async def _free_name(self, session: AsyncSession, metric: str) -> str:
        """``cpu-1``, ``disk-2``: the first that is free."""
        base = metric.partition(":")[0].replace(".", "-")
        taken = await crud.names_like(session, f"{base}-")
        return next(name for n in range(1, len(taken) + 2) if (name := f"{base}-{n}") not in taken)

    async def _find(
        self, session: AsyncSession, principal: Principal, text: str, *, change: bool = False
    ) -> tuple[AlertThreshold, dict[str, Facts]]:
        row = await (crud.get if is_id(text) else crud.get_by_name)(session, text)
        seen = {one.id: one for one in await self._servers.seen(session, principal)}
        if row is None or not self._may_see(principal, row, seen):
            raise NotFound(f"there is no rule {text[:80]!r}", hint="see `chatops thresholds list`")
        if change and not may_change(principal, row.created_by, row.target, seen):
            raise NotPermitted(
                f"the rule {row.name} is not {principal.title}'s",
                hint="its owner and administrators may change it",
            )
        return row, seen

    def _may_see(self, principal: Principal, row: AlertThreshold, seen: dict[str, Facts]) -> bool:
        if may_change(principal, row.created_by, row.target, seen):
            return True
        scope = scope_of(row)
        return any(self._alerts.fleet.covers(scope, server_id) for server_id in seen)

    async def _show_all(
        self,
        session: AsyncSession,
        principal: Principal,
        rows: list[AlertThreshold],
        seen: dict[str, Facts],
    ) -> list[rest.Threshold]:
        owners = await users.names(session, {row.created_by for row in rows if row.created_by})
        names = {one.id: one.name for one in seen.values()}
        return [
            _to_rest(
                row,
                owners,
                names,
                whole=not principal.sees_all
                and may_change(principal, row.created_by, row.target, seen),
            )
            for row in rows
        ]


def may_change(principal: Principal, owner: str | None, target: str, seen: Collection[str]) -> bool:
    """Whether a caller, who sees the servers ``seen`` (by id), may change something that stays and
    is ``owner``'s. A token for some servers only may if the ``target`` means no others."""
    if principal.role != "admin" and (owner != principal.user_id or principal.role != "operator"):
        return False
    if principal.token is None or principal.token.servers is None:
        return True
    parts = parse_target(target, longest=None).parts
    return all(one.out or (one.kind == "name" and one.text in seen) for one in parts)


def shown_target(text: str, names: Mapping[str, str], *, whole: bool) -> str:
    """A TARGET with names for ids. Unless it is shown ``whole``, servers that the reader does not
    know are left out: for who sees all, those that are gone (but not the last ones)."""
    target = parse_target(text, longest=None)
    if not whole:
        known = tuple(one for one in target.parts if one.kind != "name" or one.text in names)
        if not all(one.out for one in known):
            target = Target(known)
    return str(target.renamed(names))


def _to_rest(
    row: AlertThreshold, owners: dict[str, str], names: dict[str, str], *, whole: bool
) -> rest.Threshold:
    rule = rule_of(row)
    return rest.Threshold(
        id=row.id, name=row.name, metric=row.metric, op=rule.op, value=row.value,
        clear=rule.clear, for_s=row.for_s, severity=rule.severity,
        target=shown_target(row.target, names, whole=whole), enabled=row.enabled,
        owner=owners.get(row.created_by) if row.created_by else None,
    )  # fmt: skip


def _detail(item: rest.Threshold) -> dict[str, object]:
    return {
        name: getattr(item, name)
        for name in ("metric", "op", "value", "clear", "for_s", "severity", "target")
    }
