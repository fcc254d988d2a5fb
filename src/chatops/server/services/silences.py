"""SilenceService: for a while nobody is told of some alerts.

A silence covers the servers that its maker may operate, now and later. Who sees one of them sees
the silence; its maker and administrators may end it.
"""

from __future__ import annotations

import math

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, InvalidInput, NotFound, NotPermitted
from chatops.protocol import rest
from chatops.protocol.limits import MAX_SILENCES
from chatops.protocol.target import Facts
from chatops.server.crud import silences as crud
from chatops.server.crud import users
from chatops.server.db.engine import Database
from chatops.server.db.models import Silence
from chatops.server.services.access import Principal
from chatops.server.services.alerting.loading import hush_of, scope_of
from chatops.server.services.alerting.rule import parse_watched
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.server_finder import ServerFinder
from chatops.server.services.targets import lasting
from chatops.server.services.thresholds import may_change, shown_target
from chatops.units import format_time

_LONGEST = 10 * 366 * 86_400.0
"""Seconds: a silence has an end that somebody lives to see."""


class SilenceService:
    """Lists, adds and ends silences."""

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

    async def list(self, principal: Principal) -> rest.Page[rest.Silence]:
        """Those that hold, in the order in which they were made."""
        async with self._database.read() as session:
            rows = await crud.holding(session, now=self._clock.now())
            seen = {one.id: one for one in await self._servers.seen(session, principal)}
            mine = [row for row in rows if self._may_see(principal, row, seen)]
            makers = await users.names(session, {row.created_by for row in mine if row.created_by})
        return rest.Page(items=[_to_rest(row, principal, makers, seen) for row in mine])

    async def add(
        self, principal: Principal, origin: Origin, body: rest.SilenceCreate
    ) -> rest.Silence:
        """A new silence, from now on.

        Raises:
            InvalidInput: an unknown metric, or no time that makes sense.
            NotFound, NotPermitted: the target names a server that is not there for this caller, or
                where it is no operator.
            Conflict: there are too many.
        """
        if body.metric is not None:
            parse_watched(body.metric)
        if not math.isfinite(body.for_s) or body.for_s > _LONGEST:
            raise InvalidInput("a silence ends within ten years", hint="like --for 2h")
        now = self._clock.now()
        async with self._database.write() as session:
            target = await lasting(session, self._servers, principal, body.target)
            if len(await crud.holding(session, now=now)) >= MAX_SILENCES:
                raise Conflict(f"there are {MAX_SILENCES} silences already, the most that may be")
            row = await crud.create(
                session, target=str(target), metric=body.metric, until=now + body.for_s,
                comment=body.comment, created_by=principal.user_id, now=now,
            )  # fmt: skip
            seen = {one.id: one for one in await self._servers.seen(session, principal)}
            item = _to_rest(row, principal, {principal.user_id: principal.name}, seen)
            detail = {"id": row.id, "metric": row.metric, "until": item.until}
            await self._audit.record(session, origin, "silences.add", item.target, detail=detail)
        self._alerts.hushes.put(hush_of(row))
        return item

    async def remove(self, principal: Principal, origin: Origin, silence_id: str) -> None:
        """End a silence now; what began while it held and goes on is told.

        Raises:
            NotFound, NotPermitted: there is none for this caller, or it is somebody else's.
        """
        async with self._database.write() as session:
            row, seen = await self._find(session, principal, silence_id)
            await crud.delete(session, row.id)
            target = _to_rest(row, principal, {}, seen).target
            detail = {"target": target}
            await self._audit.record(session, origin, "silences.remove", row.id, detail=detail)
        self._alerts.hushes.remove(row.id)
        self._alerts.note(self._alerts.unhush())

    async def purge(self, before: float, _limit: int) -> int:
        """Delete what ended before that time; there are few."""
        async with self._database.write() as session:
            await crud.purge(session, before=before)
        return 0

    async def _find(
        self, session: AsyncSession, principal: Principal, silence_id: str
    ) -> tuple[Silence, dict[str, Facts]]:
        row = await crud.get(session, silence_id)
        seen = {one.id: one for one in await self._servers.seen(session, principal)}
        if row is None or row.until <= self._clock.now() or not self._may_see(principal, row, seen):
            raise NotFound(
                f"there is no silence {silence_id[:80]!r}", hint="see `chatops silences list`"
            )
        if not _may_end(principal, row, seen):
            raise NotPermitted(
                f"the silence is not {principal.title}'s",
                hint="its maker and administrators may end it",
            )
        return row, seen

    def _may_see(self, principal: Principal, row: Silence, seen: dict[str, Facts]) -> bool:
        if _may_end(principal, row, seen):
            return True
        scope = scope_of(row)
        return any(self._alerts.fleet.covers(scope, server_id) for server_id in seen)


def _may_end(principal: Principal, row: Silence, seen: dict[str, Facts]) -> bool:
    return may_change(principal, row.created_by, row.target, seen)


def _to_rest(
    row: Silence, principal: Principal, makers: dict[str, str], seen: dict[str, Facts]
) -> rest.Silence:
    names = {one.id: one.name for one in seen.values()}
    whole = not principal.sees_all and _may_end(principal, row, seen)
    return rest.Silence(
        id=row.id,
        target=shown_target(row.target, names, whole=whole),
        metric=row.metric,
        until=format_time(row.until),
        comment=row.comment,
        created_by=makers.get(row.created_by) if row.created_by else None,
    )
