"""KeyService: API keys, one server each, shown once, revoked at once."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import ChatOpsError, Conflict, NotFound, NotSignedIn
from chatops.protocol import closing, rest
from chatops.protocol.closing import CloseReason
from chatops.protocol.join import Join, encode_join
from chatops.protocol.names import check_name
from chatops.server.crud import api_keys as crud
from chatops.server.crud import servers as servers_crud
from chatops.server.crud.api_keys import AgentKey as AgentKey  # those who ask here name it
from chatops.server.db.engine import Database
from chatops.server.db.models import ApiKey, Server
from chatops.server.db.transactions import Transaction
from chatops.server.services.access import Access, Agent, Principal
from chatops.server.services.agent_manager import AgentManager
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.credentials import KEY, matches, new_credential, prefix_of
from chatops.server.services.servers import ServerService
from chatops.units import format_time, time_or_none


class KeyRefused(ChatOpsError):
    """An agent's key does not let it in; ``reason`` says why, in terms of the wire."""

    code = "not_signed_in"

    def __init__(self, reason: CloseReason, server_id: str | None = None) -> None:
        super().__init__(reason.text)
        self.reason = reason
        self.server_id = server_id


class KeyService:
    """Makes, lists, revokes and checks keys. ``hub_url`` goes into join strings, and
    ``fingerprint`` if agents shall pin the hub's certificate."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        agents: AgentManager,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._agents = agents
        self._audit = audit
        self._clock = clock
        self.hub_url = ""
        self.fingerprint: str | None = None

    async def create(
        self, principal: Principal, origin: Origin, body: rest.ApiKeyCreate
    ) -> rest.ApiKeyCreated:
        """A key for a server, shown this once.

        Raises:
            NotFound, NotPermitted, InvalidInput: as the words say.
        """
        check_name(body.name, "key name")
        async with self._database.write() as session:
            server = await self._servers.find_in(session, principal, body.server, Access.OWNER)
            return await self._create(
                session, principal, origin, server, body.name, body.expires_in
            )

    async def add_server(
        self, principal: Principal, origin: Origin, body: rest.ServerCreate
    ) -> rest.ServerCreated:
        """A new server, with its first key if asked for: both or neither.

        Raises:
            InvalidInput, Conflict: the name or a tag is bad, or the name is taken.
        """
        key = None
        async with self._database.write() as session:
            server = await self._servers.add(session, principal, origin, body)
            if body.key:
                key = await self._create(session, principal, origin, server, "default", None)
        item = await self._servers.present(server)
        fields = {name: getattr(item, name) for name in item.__struct_fields__}
        return rest.ServerCreated(**fields, key=key)

    async def page(
        self, principal: Principal, *, server: str | None, limit: int, cursor: str | None
    ) -> rest.Page[rest.ApiKey]:
        """Keys of one server, or of all the caller may see, oldest first."""
        async with self._database.read() as session:
            ids = await self._servers.scope(session, principal, server)
            rows, after = await crud.list_page(session, server_ids=ids, limit=limit, cursor=cursor)
            names = await servers_crud.names(session, ids={row.server_id for row in rows})
        return rest.Page(items=[_to_key(row, names[row.server_id]) for row in rows], next=after)

    async def revoke(self, principal: Principal, origin: Origin, key_id: str) -> rest.ApiKey:
        """End a key for good, and the live connection that uses its server.

        Raises:
            NotFound: there is none that the caller may see.
            NotPermitted: the caller may see its server, but not change it.
            Conflict: it is revoked already.
        """
        async with self._database.write() as session:
            row = await crud.get(session, key_id)
            if row is None:
                raise _no_key(key_id)
            try:
                server = await self._servers.find_in(
                    session, principal, row.server_id, Access.OWNER
                )
            except NotFound:
                raise _no_key(key_id) from None
            if row.revoked_at is not None:
                raise Conflict(f"the key {key_id} was revoked at {format_time(row.revoked_at)}")
            await crud.revoke(session, row.id, now=self._clock.now())
            await session.refresh(row)
            detail = {"key": row.name, "prefix": row.prefix}
            await self._audit.record(session, origin, "keys.revoke", server.name, detail=detail)
        live = self._agents.find(server.id)
        if live is not None and live.key_id == key_id:
            self._agents.disconnect(server.id, closing.KEY_REVOKED)
        return _to_key(row, server.name)

    async def check(self, text: str) -> AgentKey:
        """The key and server that an agent's credential stands for.

        Raises:
            KeyRefused: it is unknown, revoked or expired.
        """
        prefix = prefix_of(text, KEY)
        key = await self._database.look(lambda tx: crud.agent_key(tx, prefix)) if prefix else None
        if key is None or not matches(text, key.hash):
            raise KeyRefused(closing.KEY_UNKNOWN)
        self._check_alive(key.server_id, key.revoked_at, key.expires_at)
        return key

    def use(self, tx: Transaction, key: AgentKey) -> None:
        """Note that a key was used now, if it still may be: between ``check`` and this
        transaction it can have been revoked, or have gone with its server.

        Raises:
            KeyRefused: that is so.
        """
        ends = crud.ends(tx, key.id)
        if ends is None:
            raise KeyRefused(closing.SERVER_REMOVED)
        self._check_alive(key.server_id, *ends)
        crud.touch(tx, key.id, self._clock.now())

    async def holder(self, text: str) -> Agent:
        """The agent whose key this is, for REST.

        Raises:
            NotSignedIn: it is no valid key.
        """
        try:
            found = await self.check(text)
        except KeyRefused as error:
            raise NotSignedIn(error.message, details={"reason": error.reason.name}) from None
        return Agent(found.id, found.server_id, found.server_name, found.expires_at)

    def _check_alive(
        self, server_id: str, revoked_at: float | None, expires_at: float | None
    ) -> None:
        if revoked_at is not None:
            raise KeyRefused(closing.KEY_REVOKED, server_id)
        if expires_at is not None and expires_at <= self._clock.now():
            raise KeyRefused(closing.KEY_EXPIRED, server_id)

    async def _create(
        self,
        session: AsyncSession,
        principal: Principal,
        origin: Origin,
        server: Server,
        name: str,
        expires_in: float | None,
    ) -> rest.ApiKeyCreated:
        fresh = new_credential(KEY)
        now = self._clock.now()
        expires_at = now + expires_in if expires_in is not None else None
        row = await crud.create(
            session, server_id=server.id, created_by=principal.user_id, name=name,
            prefix=fresh.prefix, key_hash=fresh.hash, now=now, expires_at=expires_at,
        )  # fmt: skip
        detail = {"key": name, "prefix": fresh.prefix}
        await self._audit.record(session, origin, "keys.create", server.name, detail=detail)
        return rest.ApiKeyCreated(
            id=row.id,
            name=name,
            key=fresh.text,
            prefix=fresh.prefix,
            join=encode_join(Join(self.hub_url, fresh.text, self.fingerprint)),
            server=server.name,
            expires_at=time_or_none(expires_at),
        )


def _no_key(key_id: str) -> NotFound:
    return NotFound(f"there is no key {key_id[:80]!r}", hint="see `chatops keys list`")


def _to_key(row: ApiKey, server: str) -> rest.ApiKey:
    return rest.ApiKey(
        id=row.id,
        server=server,
        name=row.name,
        prefix=row.prefix,
        created_at=format_time(row.created_at),
        expires_at=time_or_none(row.expires_at),
        last_used=time_or_none(row.last_used),
        revoked_at=time_or_none(row.revoked_at),
    )
