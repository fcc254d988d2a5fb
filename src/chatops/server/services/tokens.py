"""TokenService: API tokens, as their owners and administrators manage them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, NotFound, NotPermitted
from chatops.protocol import rest
from chatops.protocol.names import check_name, role_rank
from chatops.protocol.target import Facts
from chatops.server.crud import api_tokens as crud
from chatops.server.crud import users
from chatops.server.db.engine import Database
from chatops.server.db.models import ApiToken
from chatops.server.services.access import Access, Principal, require
from chatops.server.services.api_tokens import ApiTokens, servers_of
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.credentials import TOKEN, new_credential
from chatops.server.services.revocation import Revocation
from chatops.server.services.servers import ServerService
from chatops.server.services.targets import pinned
from chatops.units import time_or_none

_SWEEP_EVERY: Final = 1.0


class TokenService:
    """Makes, lists and revokes tokens, and ends what expired ones keep open."""

    def __init__(
        self,
        database: Database,
        tokens: ApiTokens,
        servers: ServerService,
        revocation: Revocation,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._tokens = tokens
        self._servers = servers
        self._revocation = revocation
        self._audit = audit
        self._clock = clock
        self._expiring: dict[str, ApiToken] = {}

    async def create(
        self, principal: Principal, origin: Origin, body: rest.TokenCreate
    ) -> rest.TokenCreated:
        """A token of the caller's, shown this once. The plain names of its TARGET mean the
        servers that have them now, whatever these are called later.

        Raises:
            InvalidInput: the name or the TARGET is bad.
            NotPermitted: its role would be above the caller's.
            NotFound: the TARGET names a server that is not there for the caller.
        """
        check_name(body.name, "token name")
        if role_rank(body.role) > role_rank(principal.role):
            raise NotPermitted(f"{principal.name} is {principal.role}, its tokens are no more")
        fresh, now = new_credential(TOKEN), self._clock.now()
        expires_at = now + body.expires_in if body.expires_in is not None else None
        async with self._database.write() as session:
            seen = await self._servers.seen(session, principal)
            target = pinned(body.servers, seen) if body.servers is not None else None
            row = await crud.create(
                session, user_id=principal.user_id, name=body.name, prefix=fresh.prefix,
                token_hash=fresh.hash, role=body.role, now=now,
                servers=str(target) if target else None, expires_at=expires_at,
            )  # fmt: skip
            shown = self._show(row, _names(seen))
            detail = {"role": row.role, "servers": shown.servers, "token_id": row.id}
            await self._audit.record(session, origin, "tokens.create", row.name, detail=detail)
        if expires_at is not None:
            self._expiring[row.id] = row
        return rest.TokenCreated(**msgspec.structs.asdict(shown), token=fresh.text)

    async def page(
        self, principal: Principal, *, user: str | None, limit: int, cursor: str | None
    ) -> rest.Page[rest.Token]:
        """The caller's tokens, or for an administrator those of ``user``, in order of name.

        Raises:
            NotPermitted: it is another user, and the caller no administrator.
            NotFound: there is no such user.
        """
        async with self._database.read() as session:
            owner = await self._owner(session, principal, user)
            rows, after = await crud.list_page(session, user_id=owner, limit=limit, cursor=cursor)
            names = _names(await self._servers.seen(session, principal))
        return rest.Page(items=[self._show(row, names) for row in rows], next=after)

    async def used(self, principal: Principal) -> rest.Token | None:
        """The token that the caller shows, if it is one."""
        if principal.token is None:
            return None
        async with self._database.read() as session:
            row = await crud.get(session, principal.token.id)
            names = _names(await self._servers.seen(session, principal))
        return self._show(row, names) if row is not None else None

    async def revoke(self, principal: Principal, origin: Origin, token_id: str) -> rest.Token:
        """End a token for good, with all that is open by it.

        Raises:
            NotFound: there is none, or it is another user's and the caller no administrator.
            Conflict: it is revoked already.
        """
        async with self._database.write() as session:
            row = await crud.get(session, token_id)
            if row is None or (principal.role != "admin" and row.user_id != principal.user_id):
                raise NotFound(
                    f"there is no token {token_id[:80]!r}", hint="see `chatops tokens list`"
                )
            if row.revoked_at is not None:
                raise Conflict(
                    f"the token {row.name} was revoked at {time_or_none(row.revoked_at)}"
                )
            await crud.revoke(session, row.id, now=self._clock.now())
            owner = await users.names(session, [row.user_id])
            names = _names(await self._servers.seen(session, principal))
            detail = {"user": owner.get(row.user_id), "token_id": row.id}
            await self._audit.record(session, origin, "tokens.revoke", row.name, detail=detail)
        self._tokens.forget(row)
        self._expiring.pop(row.id, None)
        await self._revocation.token_ended(row.id, row.name)
        return self._show(row, names)

    async def run(self) -> None:
        """End what is open by tokens that expire, for as long as the hub runs."""
        async with self._database.read() as session:
            self._expiring |= {row.id: row for row in await crud.expiring(session)}
        while True:
            await self.sweep()
            await asyncio.sleep(_SWEEP_EVERY)

    async def sweep(self) -> None:
        """End what is open by tokens that have expired since the last time."""
        now = self._clock.now()
        for row in list(self._expiring.values()):
            if row.expires_at is not None and row.expires_at <= now:
                del self._expiring[row.id]
                await self._revocation.token_ended(row.id, row.name)

    # -- inside -------------------------------------------------------------------------

    async def _owner(self, session: AsyncSession, principal: Principal, user: str | None) -> str:
        if user is None or user in (principal.name, principal.user_id):
            return principal.user_id
        require(principal, Access.ADMIN)
        row = await users.get_by_name_or_id(session, user)
        if row is None:
            raise NotFound(f"there is no user {user[:80]!r}", hint="see `chatops users list`")
        return row.id

    def _show(self, row: ApiToken, names: Mapping[str, str]) -> rest.Token:
        target = servers_of(row)
        return rest.Token(
            id=row.id, name=row.name, role=row.role,
            servers=str(target.renamed(names)) if target else None,
            expires_at=time_or_none(row.expires_at),
            last_used=time_or_none(self._tokens.last_used(row)),
        )  # fmt: skip


def _names(seen: Sequence[Facts]) -> dict[str, str]:
    """Names by id, for a TARGET that people read."""
    return {one.id: one.name for one in seen}
