"""ShareService: what a server's owner lets other accounts do on it."""

from __future__ import annotations

from chatops.clock import Clock
from chatops.errors import Conflict, InvalidInput, NotFound
from chatops.protocol import rest
from chatops.protocol.names import Role, lower_role
from chatops.server.crud import shares as crud
from chatops.server.crud import users as users_crud
from chatops.server.db.engine import Database
from chatops.server.services.access import Access, Principal
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.revocation import Revocation
from chatops.server.services.servers import ServerService
from chatops.units import format_time


class ShareService:
    """Gives and takes back shares; only a server's owner and administrators may."""

    def __init__(
        self,
        database: Database,
        servers: ServerService,
        revocation: Revocation,
        audit: AuditService,
        clock: Clock,
    ) -> None:
        self._database = database
        self._servers = servers
        self._revocation = revocation
        self._audit = audit
        self._clock = clock

    async def list(self, principal: Principal, server: str) -> rest.Page[rest.Share]:
        """The shares of a server, in order of the users' names.

        Raises:
            NotFound, NotPermitted: for this caller.
        """
        async with self._database.read() as session:
            row = await self._servers.find_in(session, principal, server, Access.OWNER)
            found = await crud.of_server(session, row.id)
        return rest.Page(items=[_to_share(row.name, one) for one in found], next=None)

    async def put(
        self, principal: Principal, origin: Origin, server: str, user: str, role: Role
    ) -> rest.Share:
        """Give a user a role on a server, in place of the one it had there. What the account's
        own role does not allow it still may not do.

        Raises:
            NotFound, NotPermitted: for this caller; or there is no such user.
            InvalidInput: the user owns the server.
            Conflict: the user's account is disabled.
        """
        now = self._clock.now()
        async with self._database.write() as session:
            row = await self._servers.find_in(session, principal, server, Access.OWNER)
            account = await users_crud.get_by_name_or_id(session, user)
            if account is None:
                raise NotFound(f"there is no user {user[:80]!r}")
            if account.id == row.owner_id:
                raise InvalidInput(f"{account.name} owns {row.name} already")
            if account.disabled:
                raise Conflict(
                    f"the account {account.name} is disabled",
                    hint="share with another, or have an administrator enable it first",
                )
            await crud.put(session, server_id=row.id, user_id=account.id, role=role, now=now)
            detail = {"user": account.name, "role": role}
            await self._audit.record(session, origin, "servers.share", row.name, detail=detail)
        if role == "viewer":  # it may have been more before
            await self._revocation.rights_lost(account.id, account.name, row.id)
        return _to_share(row.name, crud.Given(account.name, account.role, role, now))

    async def remove(self, principal: Principal, origin: Origin, server: str, user: str) -> None:
        """Take a share back; what the user follows there ends at once.

        Raises:
            NotFound, NotPermitted: for this caller; or the user has none.
        """
        async with self._database.write() as session:
            row = await self._servers.find_in(session, principal, server, Access.OWNER)
            account = await users_crud.get_by_name_or_id(session, user)
            if account is None or not await crud.remove(
                session, server_id=row.id, user_id=account.id
            ):
                raise NotFound(f"{row.name} is not shared with {user[:80]!r}")
            detail = {"user": account.name}
            await self._audit.record(session, origin, "servers.unshare", row.name, detail=detail)
        await self._revocation.rights_lost(account.id, account.name, row.id)


def _to_share(server: str, given: crud.Given) -> rest.Share:
    return rest.Share(
        server=server,
        user=given.user,
        role=given.role,
        effective=lower_role(given.account, given.role),
        created_at=format_time(given.since),
    )
