"""Which servers there are for a caller: one place for all that shows or touches any.

The rules stand in access.py. What is not found here does not exist, for lists, TARGETs, single
servers and all that hangs on them alike.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.protocol.target import Facts
from chatops.server.crud import servers as crud
from chatops.server.crud import shares
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


class ServerName(NamedTuple):
    """What identifies a server: the id to programs, the name to people."""

    id: str
    name: str


class ServerFinder:
    """Finds servers for those who may see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

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
        return await self._database.look(
            lambda tx: self.identify(tx, principal, name, Access.VIEWER)
        )

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
        if principal.only_user not in (None, row.owner_id):
            share = await shares.role(session, server_id=row.id, user_id=principal.user_id)
        require_on_server(principal, name, facts_of(row), row.owner_id, share, access)
        return row

    def identify(
        self, tx: Transaction, principal: Principal, name: str, access: Access
    ) -> ServerName:
        """As ``find``, inside a short transaction."""
        found = crud.identify(tx, name, user_id=principal.user_id)
        if found is None:
            raise no_server(name)
        server, owner_id, share = found
        require_on_server(principal, name, server, owner_id, share, access)
        return ServerName(server.id, server.name)

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
        return list(await crud.names(session, **await self.seen_by(session, principal)))

    async def operated(
        self, session: AsyncSession, principal: Principal, server: str | None
    ) -> list[str] | None:
        """As ``scope``, of the servers on which the caller is an operator.

        Raises:
            NotFound, NotPermitted: ``server``, for this caller.
        """
        if server is not None:
            return [(await self.find_in(session, principal, server, Access.OPERATOR)).id]
        if principal.sees_all:
            return None
        found = await crud.facts(session, operated_by=principal.only_user)
        return [one.id for one in found if principal.covers(one)]

    async def allowed(
        self, session: AsyncSession, principal: Principal, ids: Collection[str], access: Access
    ) -> dict[str, str]:
        """The names, by id, of those of ``ids`` where the caller may do what ``access`` says.

        Raises:
            NotPermitted: the caller's account may do that nowhere.
        """
        require(principal, access)
        user = principal.only_user
        if access is Access.OPERATOR:
            found = await crud.facts(session, ids=ids, operated_by=user)
        else:
            found = await crud.facts(session, ids=ids, visible_to=user)
        return {one.id: one.name for one in found if principal.covers(one)}

    async def seen(self, session: AsyncSession, principal: Principal) -> list[Facts]:
        """What a TARGET looks at, of all servers that the caller may see, in order of name."""
        found = await crud.facts(session, visible_to=principal.only_user)
        return [one for one in found if principal.covers(one)]

    async def seen_by(self, session: AsyncSession, principal: Principal) -> crud.Filters:
        """The filters of a query about all servers that the caller may see."""
        if principal.token is None or principal.token.servers is None:
            return {"visible_to": principal.only_user}
        return {"ids": [one.id for one in await self.seen(session, principal)]}


def facts_of(row: Server) -> Facts:
    """What a TARGET looks at."""
    return Facts(row.id, row.name, row.tags)
