"""ServerService: the fleet's servers, for those who may see them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, InvalidInput, NotPermitted
from chatops.protocol import closing, rest
from chatops.protocol.facts import HostFacts
from chatops.protocol.messages import (
    Auth,
)
from chatops.protocol.names import check_name, check_tags
from chatops.protocol.policy_facts import bounded
from chatops.protocol.target import Facts
from chatops.server.crud import alerts, shares, users
from chatops.server.crud import servers as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import Server
from chatops.server.db.transactions import Transaction, in_session
from chatops.server.services.access import Access, Principal, role_on_server
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.metrics.latest import LatestSamples
from chatops.server.services.server_finder import ServerFinder, facts_of
from chatops.server.services.ws_manager import WSManager
from chatops.units import format_time


class Removal(Protocol):
    """Who has something to do when a server is removed."""

    def removing(self, server_id: str) -> Callable[[Transaction], None]:
        """What is to be written in the transaction that removes it."""
        ...

    def removed(self, server_id: str) -> None:
        """It is gone."""
        ...


class ServerService(ServerFinder):
    """Lists, makes, changes and removes servers."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        agents: AgentManager,
        subscribers: WSManager,
        latest: LatestSamples,
        clock: Clock,
    ) -> None:
        super().__init__(database)
        self._audit = audit
        self._agents = agents
        self._subscribers = subscribers
        self._latest = latest
        self._clock = clock
        self.removed: set[str] = set()
        """Ids whose rows in the other files still have to go (see housekeeping)."""
        self.followers: list[Removal] = []

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
        items: list[rest.Server] = []
        async with self._database.read() as session:
            meant = await self.seen_by(session, principal)
            meant["tags"] = wanted
            while True:
                rows, cursor = await crud.list_page(
                    session, limit=limit - len(items), cursor=cursor, **meant
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
            share = await shares.role(session, server_id=row.id, user_id=principal.user_id)
        live = self._agents.find(row.id)
        return rest.ServerDetail(
            **msgspec.structs.asdict(item),
            host=msgspec.convert(row.host, HostFacts) if row.host else None,
            allow=row.allow,
            exec=msgspec.convert(row.exec, rest.ExecPolicy) if row.exec is not None else None,
            docker=msgspec.convert(row.docker, rest.DockerPolicy)
            if row.docker is not None
            else None,
            files=msgspec.convert(row.files, rest.FilesPolicy) if row.files is not None else None,
            shell=msgspec.convert(row.shell, rest.ShellPolicy) if row.shell is not None else None,
            address=row.address,
            connected_at=format_time(live.connected_at) if live else None,
            clock_skew_s=row.clock_skew_s,
            role=role_on_server(principal, facts_of(row), row.owner_id, share),
        )

    async def counts(self, principal: Principal) -> rest.ServerCounts:
        """How many of the caller's servers are in which state."""
        async with self._database.read() as session:
            meant = await self.seen_by(session, principal)
            everything = await crud.names(session, **meant)
            meant["seen"] = False
            unseen = await crud.names(session, **meant)
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
            NotPermitted: the caller's token is for other servers only.
        """
        name, tags = check_name(body.name, "server name"), check_tags(body.tags)
        if not principal.covers(Facts("", name, tags)):
            raise NotPermitted(f"{principal.title} is not for a server like {name}")
        await self._check_free(session, name)
        row = await crud.create(
            session, name=name, owner_id=principal.user_id, tags=tags, now=self._clock.now()
        )
        detail = {"tags": row.tags} if row.tags else None
        await self._audit.record(session, origin, "servers.add", row.name, detail=detail)
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
            for follower in self.followers:
                await in_session(session, follower.removing(row.id))
            await crud.delete(session, row.id)
            await self._audit.record(session, origin, "servers.remove", row.name)
        self._agents.disconnect(row.id, closing.SERVER_REMOVED)
        self._subscribers.end_server(row.id)
        self._latest.forget(row.id)
        self.removed.add(row.id)
        for follower in self.followers:
            follower.removed(row.id)
        return row

    def set_facts(self, tx: Transaction, server_id: str, auth: Auth, address: str) -> None:
        """Keep what an agent said of its host when it connected."""
        now = self._clock.now()
        policy = bounded(auth.policy)
        crud.set_facts(
            tx,
            server_id,
            last_seen=now,
            agent_version=auth.agent_version[:40],
            os=auth.host.os[:120],
            host=msgspec.to_builtins(auth.host),
            allow=policy.allow,
            exec=msgspec.to_builtins(policy.exec),
            docker=msgspec.to_builtins(policy.docker),
            files=msgspec.to_builtins(policy.files),
            shell=msgspec.to_builtins(policy.shell),
            address=address,
            clock_skew_s=round(auth.time - now, 3),
        )

    def set_epoch(self, tx: Transaction, server_id: str, epoch: str) -> None:
        """Keep the epoch of an agent's journal, once what it does not know was given up."""
        crud.set_epoch(tx, server_id, epoch)

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
        latest = self._latest.get(row.id)
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
            cpu_percent=latest.cpu if latest else None,
            memory_percent=latest.memory if latest else None,
            disk_percent=latest.disk if latest else None,
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
