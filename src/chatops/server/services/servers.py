"""ServerService: the fleet's servers, for those who may see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, InvalidInput
from chatops.protocol import closing, rest
from chatops.protocol.messages import Auth, HostFacts
from chatops.protocol.names import check_name, check_tags
from chatops.server.crud import alerts, shares, users
from chatops.server.crud import servers as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Server
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import (
    Access,
    Principal,
    no_server,
    require,
    require_on_server,
)
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.latest import LatestSamples
from chatops.server.services.ws_manager import WSManager
from chatops.units import format_time


class ServerName(NamedTuple):
    """What identifies a server: the id to programs, the name to people."""

    id: str
    name: str


class ServerService:
    """Finds, lists, makes, changes and removes servers; decides who sees which."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        agents: AgentManager,
        subscribers: WSManager,
        latest: LatestSamples,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._agents = agents
        self._subscribers = subscribers
        self._latest = latest
        self._clock = clock
        self.removed: set[str] = set()
        """Ids whose rows in the other files still have to go (see housekeeping)."""

    # -- who sees what ----------------------------------------------------------------

    async def find(self, principal: Principal, name: str, access: Access = Access.VIEWER) -> Server:
        """The server of that name or id, if the caller may do there what ``access`` says.

        Raises:
            NotFound: there is none, or none that the caller may see.
            NotPermitted: the caller may see it, but not do this.
        """
        async with self._database.read() as session:
            return await self.find_in(session, principal, name, access)

    async def name_of(self, principal: Principal, name: str) -> ServerName:
        """Id and name of a server that the caller may see.

        Raises:
            NotFound: there is none.
        """
        row = await self.find(principal, name)
        return ServerName(row.id, row.name)

    async def find_in(
        self,
        session: AsyncSession,
        principal: Principal,
        name: str,
        access: Access = Access.VIEWER,
    ) -> Server:
        """The same inside a transaction."""
        row = await crud.get_by_name_or_id(session, name)
        if row is None:
            raise no_server(name)
        share = None
        if principal.role != "admin" and row.owner_id != principal.user_id:
            share = await shares.role(session, server_id=row.id, user_id=principal.user_id)
        require_on_server(principal, name, row.owner_id, share, access)
        return row

    def identify(
        self, tx: Transaction, principal: Principal, name: str, access: Access
    ) -> ServerName:
        """As ``find``, inside a short transaction."""
        found = crud.identify(tx, name, user_id=principal.user_id)
        if found is None:
            raise no_server(name)
        require_on_server(principal, name, found.owner_id, found.share, access)
        return ServerName(found.id, found.name)

    async def scope(
        self, session: AsyncSession, principal: Principal, server: str | None
    ) -> list[str] | None:
        """Ids of the servers a list is about: one, or all the caller may see; None is every one.

        Raises:
            NotFound: ``server`` is not there for this caller.
        """
        if server is not None:
            return [(await self.find_in(session, principal, server)).id]
        if principal.role == "admin":
            return None
        return list(await crud.names(session, visible_to=principal.user_id))

    async def allowed(
        self, session: AsyncSession, principal: Principal, ids: Collection[str], access: Access
    ) -> dict[str, str]:
        """The names, by id, of those of ``ids`` where the caller may do what ``access`` says.

        Raises:
            NotPermitted: the caller's account may do that nowhere.
        """
        require(principal, access)
        user = None if principal.role == "admin" else principal.user_id
        if access is Access.OPERATOR:
            return await crud.names(session, ids=ids, operated_by=user)
        return await crud.names(session, ids=ids, visible_to=user)

    # -- reading ----------------------------------------------------------------------

    async def page(
        self,
        principal: Principal,
        *,
        tags: Iterable[str] = (),
        status: rest.ServerStatus | None = None,
        limit: int,
        cursor: str | None,
    ) -> rest.Page[rest.Server]:
        """Servers in order of name.

        Raises:
            InvalidInput: a tag that is not ``key=value``.
        """
        wanted = dict(_tag(text) for text in tags)
        user = None if principal.role == "admin" else principal.user_id
        items: list[rest.Server] = []
        async with self._database.read() as session:
            while True:
                rows, cursor = await crud.list_page(
                    session, visible_to=user, tags=wanted, limit=limit - len(items), cursor=cursor
                )
                shown = await self._show_all(session, rows)
                items += [one for one in shown if status is None or one.status == status]
                if cursor is None or len(items) >= limit:
                    return rest.Page(items=items, next=cursor)

    async def show(self, principal: Principal, name: str) -> rest.ServerDetail:
        """One server, with what its agent told of the host.

        Raises:
            NotFound: there is none that the caller may see.
        """
        async with self._database.read() as session:
            row = await self.find_in(session, principal, name)
            (item,) = await self._show_all(session, [row])
        live = self._agents.find(row.id)
        return rest.ServerDetail(
            **msgspec.structs.asdict(item),
            host=msgspec.convert(row.host, HostFacts) if row.host else None,
            allow=row.allow,
            address=row.address,
            connected_at=format_time(live.connected_at) if live else None,
            clock_skew_s=row.clock_skew_s,
        )

    async def counts(self, principal: Principal) -> rest.ServerCounts:
        """How many of the caller's servers are in which state."""
        async with self._database.read() as session:
            user = None if principal.role == "admin" else principal.user_id
            everything = await crud.names(session, visible_to=user)
            unseen = await crud.names(session, visible_to=user, seen=False)
        online = sum(self._agents.find(server_id) is not None for server_id in everything)
        never = sum(self._agents.last_heard(server_id) is None for server_id in unseen)
        return rest.ServerCounts(
            total=len(everything),
            online=online,
            offline=len(everything) - online - never,
            never=never,
        )

    # -- changing ---------------------------------------------------------------------

    async def add(
        self, session: AsyncSession, principal: Principal, origin: Origin, body: rest.ServerCreate
    ) -> Server:
        """A new server, owned by the caller, in the caller's transaction.

        Raises:
            InvalidInput, Conflict: the name or a tag is bad, or the name is taken.
        """
        name, tags = check_name(body.name, "server name"), check_tags(body.tags)
        await self._check_free(session, name)
        row = await crud.create(
            session, name=name, owner_id=principal.user_id, tags=tags, now=self._clock.now()
        )
        await self._audit.record(session, origin, "servers.add", row.name, detail=row.tags or None)
        return row

    async def present(self, row: Server) -> rest.Server:
        """A server as lists show it."""
        async with self._database.read() as session:
            (item,) = await self._show_all(session, [row])
        return item

    async def update(
        self, principal: Principal, origin: Origin, name: str, body: rest.ServerUpdate
    ) -> rest.Server:
        """Rename a server or change its tags.

        Raises:
            NotFound, NotPermitted, InvalidInput, Conflict: as the words say.
        """
        async with self._database.write() as session:
            row = await self.find_in(session, principal, name, Access.OWNER)
            changes: crud.ServerChanges = {}
            if body.name is not None and body.name != row.name:
                changes["name"] = check_name(body.name, "server name")
                await self._check_free(session, body.name)
            if body.tags is not None:
                changes["tags"] = check_tags(_merge(row.tags, body.tags))
            if changes:
                detail = dict(changes)
                await self._audit.record(session, origin, "servers.update", row.name, detail=detail)
                await crud.update(session, row.id, **changes)
                await session.refresh(row)
        live = self._agents.find(row.id)
        if live is not None:
            live.server_name = row.name
        return await self.present(row)

    async def remove(self, principal: Principal, origin: Origin, name: str) -> Server:
        """Remove a server and what hangs on it; its agent is told that this is final.

        Raises:
            NotFound, NotPermitted: as the words say.
        """
        async with self._database.write() as session:
            row = await self.find_in(session, principal, name, Access.OWNER)
            await crud.delete(session, row.id)
            await self._audit.record(session, origin, "servers.remove", row.name)
        self._agents.disconnect(row.id, closing.SERVER_REMOVED)
        self._subscribers.end_server(row.id)
        self._latest.forget(row.id)
        self.removed.add(row.id)
        return row

    async def set_facts(
        self, session: AsyncSession, server_id: str, auth: Auth, address: str
    ) -> None:
        """Keep what an agent said of its host when it connected."""
        now = self._clock.now()
        await crud.set_facts(
            session,
            server_id,
            last_seen=now,
            agent_version=auth.agent_version[:40],
            os=auth.host.os[:120],
            host=msgspec.to_builtins(auth.host),
            allow=auth.policy.allow,
            address=address,
            clock_skew_s=round(auth.time - now, 3),
        )

    async def set_epoch(self, session: AsyncSession, server_id: str, epoch: str) -> None:
        """Keep the epoch of an agent's journal, once what it does not know was given up."""
        await crud.set_facts(session, server_id, journal_epoch=epoch)

    # -- inside -----------------------------------------------------------------------

    async def _check_free(self, session: AsyncSession, name: str) -> None:
        if await crud.get_by_name(session, name) is not None:
            raise Conflict(f"there is a server {name} already", hint="choose another name")

    async def _show_all(self, session: AsyncSession, rows: list[Server]) -> list[rest.Server]:
        owners = await users.names(session, {row.owner_id for row in rows if row.owner_id})
        open_alerts = await alerts.open_by_server(session, [row.id for row in rows])
        return [self._show(row, owners, open_alerts) for row in rows]

    def _show(
        self, row: Server, owners: dict[str, str], open_alerts: dict[str, int]
    ) -> rest.Server:
        heard = self._agents.last_heard(row.id) or row.last_seen
        online = self._agents.find(row.id) is not None
        sample = self._latest.get(row.id)
        disks = [d.percent for d in sample.data.disks if d.percent is not None] if sample else []
        return rest.Server(
            id=row.id,
            name=row.name,
            status="online" if online else "offline" if heard else "never",
            tags=row.tags,
            owner=owners.get(row.owner_id) if row.owner_id else None,
            os=row.os or None,
            agent_version=row.agent_version,
            created_at=format_time(row.created_at),
            last_seen=format_time(heard) if heard else None,
            cpu_percent=sample.data.cpu.percent if sample else None,
            memory_percent=sample.data.memory.percent if sample else None,
            disk_percent=max(disks, default=None),
            alerts=open_alerts.get(row.id, 0),
        )


def _tag(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise InvalidInput(f"{text[:80]!r} is no tag", hint="write it like env=prod")
    return key, value


def _merge(old: dict[str, str], changes: dict[str, str | None]) -> dict[str, str]:
    merged = {**old, **changes}
    return {key: value for key, value in merged.items() if value is not None}
