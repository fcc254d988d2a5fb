"""UserService: accounts, as administrators manage them."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession

from chatops.errors import Conflict, InvalidInput, NotFound
from chatops.protocol import rest
from chatops.protocol.names import Role
from chatops.server.crud import servers, shares, silences, thresholds
from chatops.server.crud import users as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import User
from chatops.server.services.access import Principal
from chatops.server.services.alerting.service import AlertService
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.auth import AuthService
from chatops.server.services.revocation import Revocation
from chatops.units import format_time, time_or_none


class UserService:
    """Makes, changes and removes accounts. There is always an administrator left."""

    def __init__(
        self,
        database: Database,
        auth: AuthService,
        audit: AuditService,
        revocation: Revocation,
        alerting: AlertService,
    ) -> None:
        self._database = database
        self._auth = auth
        self._audit = audit
        self._revocation = revocation
        self._alerting = alerting

    async def page(self, *, limit: int, cursor: str | None) -> rest.Page[rest.User]:
        """Accounts in order of name."""
        async with self._database.read() as session:
            rows, after = await crud.list_page(session, limit=limit, cursor=cursor)
        return rest.Page(items=[to_user(row) for row in rows], next=after)

    async def show(self, name: str) -> rest.User:
        """One account by name or id.

        Raises:
            NotFound: there is none.
        """
        return to_user(await self._find(name))

    async def myself(self, principal: Principal) -> rest.User:
        """The caller's own account, with the role that counts now."""
        user = await self.show(principal.user_id)
        return msgspec.structs.replace(user, role=principal.role)

    async def change_password(
        self, principal: Principal, current: str, new: str, address: str
    ) -> None:
        """Set the caller's own password; its sessions and what they have open end. Its API
        tokens stay good.

        Raises: as AuthService.change_password does.
        """
        await self._auth.change_password(principal, current, new, address)
        self._revocation.session_ended(principal.user_id)

    async def create(self, origin: Origin, name: str, password: str, role: Role) -> rest.User:
        """A new account.

        Raises:
            InvalidInput, Conflict: the name is bad, or taken.
        """
        hashed = await self._auth.hash_new(name, password)
        async with self._database.write() as session:
            user = await self._auth.create_user(session, name, hashed, role)
            await self._audit.record(session, origin, "users.create", name, detail={"role": role})
        return to_user(user)

    async def update(self, origin: Origin, name: str, changes: rest.UserUpdate) -> rest.User:
        """Change role, state or password; the account's sessions end with any such change, and
        what its API tokens have open.

        Raises:
            NotFound: there is no such account.
            Conflict: it is the last administrator.
            InvalidInput: the password is the name.
        """
        user = await self._find(name)
        fields = await self._fields(user, changes)
        if not fields:
            return to_user(user)
        async with self._database.write() as session:
            if fields.get("role", "admin") != "admin" or fields.get("disabled"):
                await self._keep_an_admin(session, user)
            await crud.update(session, user.id, **fields)
            await self._auth.end_sessions(session, user.id)
            detail = dict(fields)
            if detail.pop("password_hash", None):
                detail["password"] = "changed"
            await self._audit.record(session, origin, "users.update", user.name, detail=detail)
        self._auth.forget(user.id)
        await self._revocation.rights_lost(user.id, user.name)
        return await self.show(user.id)

    async def delete(self, origin: Origin, name: str, reassign_to: str | None) -> None:
        """Remove an account. Its servers, rules and silences go to ``reassign_to``.

        Raises:
            NotFound: one of the two accounts is not there.
            Conflict: it is the last administrator, or owns servers and nobody gets them, or who
                shall get them is disabled.
            InvalidInput: the account is to inherit from itself.
        """
        user = await self._find(name)
        async with self._database.write() as session:
            heir = await _heir(session, user, reassign_to) if reassign_to else None
            await self._keep_an_admin(session, user)
            owned = await servers.names(session, owned_by=user.id)
            if owned and heir is None:
                raise _owns(user.name, list(owned.values()))
            if heir is not None:
                await shares.remove_from(session, owned, user_id=heir.id)
                await servers.reassign(session, owner_id=user.id, to=heir.id)
                await thresholds.reassign(session, owner_id=user.id, to=heir.id)
                await silences.reassign(session, owner_id=user.id, to=heir.id)
            await crud.delete(session, user.id)
            detail = {"reassigned_to": heir.name, "servers": list(owned.values())} if heir else None
            await self._audit.record(session, origin, "users.delete", user.name, detail=detail)
        if heir is not None:
            self._alerting.hand_over(user.id, heir.id)
        self._auth.forget(user.id)
        await self._revocation.rights_lost(user.id, user.name)

    async def _find(self, name: str) -> User:
        async with self._database.read() as session:
            return await _get(session, name)

    async def _fields(self, user: User, changes: rest.UserUpdate) -> crud.UserChanges:
        fields: crud.UserChanges = {}
        if changes.role is not None and changes.role != user.role:
            fields["role"] = changes.role
        if changes.disabled is not None and changes.disabled != user.disabled:
            fields["disabled"] = changes.disabled
        if changes.password is not None:
            fields["password_hash"] = await self._auth.hash_new(user.name, changes.password)
        return fields

    async def _keep_an_admin(self, session: AsyncSession, user: User) -> None:
        now = await crud.get(session, user.id)
        if now is None or now.role != "admin" or now.disabled:
            return
        if await crud.count(session, role="admin", enabled=True) <= 1:
            raise Conflict(f"{user.name} is the last administrator", hint="make another one first")


async def _get(session: AsyncSession, name: str) -> User:
    user = await crud.get_by_name_or_id(session, name)
    if user is None:
        raise NotFound(f"there is no user {name[:80]!r}", hint="see `chatops users list`")
    return user


async def _heir(session: AsyncSession, user: User, name: str) -> User:
    heir = await _get(session, name)
    if heir.id == user.id:
        raise InvalidInput(f"{user.name} cannot inherit its own servers")
    if heir.disabled:
        raise Conflict(
            f"{heir.name} is disabled, and cannot look after servers",
            hint=f"name another, or first `chatops users enable {heir.name}`",
        )
    return heir


def _owns(name: str, owned: list[str]) -> Conflict:
    more = f" and {len(owned) - 5} more" if len(owned) > 5 else ""
    return Conflict(
        f"{name} owns {', '.join(owned[:5])}{more}",
        hint="name who gets them: --reassign-to USER",
    )


def to_user(row: User) -> rest.User:
    """A row as the API shows it."""
    return rest.User(
        id=row.id,
        name=row.name,
        role=row.role,
        disabled=row.disabled,
        created_at=format_time(row.created_at),
        last_login=time_or_none(row.last_login),
    )
