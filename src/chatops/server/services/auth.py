"""AuthService: sign-in, access and refresh tokens, and who a token belongs to.

An access token is a JWT (HS256, 30 minutes). It carries the account's generation: a new
password or a disabled account raises that number, and every older token is void at once.
A refresh token works once; using it twice ends its whole family, because one of the two
users stole it. One that is a browser's cookie may be used again for a moment: a page that is
loaded twice at the same time, or again while it renews, is no thief (docs/decisions/0023).
"""

from __future__ import annotations

from typing import Final, NoReturn

from sqlalchemy.ext.asyncio import AsyncSession

from chatops.clock import Clock
from chatops.errors import Conflict, InvalidInput, NotPermitted, NotSignedIn
from chatops.ids import new_id
from chatops.protocol import rest
from chatops.protocol.names import Role, check_name
from chatops.server.crud import refresh_tokens
from chatops.server.crud import users as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import RefreshToken, User
from chatops.server.secrets import HubSecrets
from chatops.server.services import passwords
from chatops.server.services.access import Principal
from chatops.server.services.access_tokens import ACCESS_LIFE, AccessTokens
from chatops.server.services.api_tokens import ApiTokens, by_token
from chatops.server.services.audit import AuditService, Origin
from chatops.server.services.credentials import (
    COOKIE,
    REFRESH,
    TOKEN,
    Kind,
    hash_credential,
    new_credential,
    prefix_of,
)
from chatops.server.services.live_settings import LiveSettings
from chatops.server.services.remembered import Remembered
from chatops.server.services.sign_in_limits import SignInLimits

REFRESH_LIFE: Final = 7 * 86_400
COOKIE_GRACE: Final = 10.0
"""Seconds in which a cookie may be used again, as long as what it was renewed to was not."""


class AuthService:
    """Accounts' credentials. Rights are decided in access.py."""

    def __init__(
        self,
        database: Database,
        audit: AuditService,
        settings: LiveSettings,
        secrets: HubSecrets,
        clock: Clock,
    ) -> None:
        self._database = database
        self._audit = audit
        self._settings = settings
        self._tokens = AccessTokens(secrets.tokens)
        self._clock = clock
        self.passwords = passwords.PasswordWorker()
        self._failures = SignInLimits(settings, clock)
        self._users = Remembered(self._load_user)
        self.api_tokens = ApiTokens(database, clock)

    hash_password = staticmethod(passwords.hash_password)
    verify_password = staticmethod(passwords.verify_password)

    # -- tokens ---------------------------------------------------------------------

    def create_access_token(self, user_id: str, generation: int = 0) -> str:
        """A signed token that names ``user_id`` for the next 30 minutes."""
        return self._tokens.create(user_id, generation, self._clock.now())

    async def verify_token(self, token: str) -> Principal:
        """Who an access or API token belongs to, with the role that it gives now.

        Raises:
            NotSignedIn: it is no token of ours, is expired or revoked, or its account may not
                be used, or was changed since the access token was made.
        """
        if prefix_of(token, TOKEN) is not None:
            return await self._verify_api_token(token)
        user_id, generation = self._tokens.read(token, self._clock.now())
        user = await self._users.get(user_id)
        if user is None or user.disabled or user.generation != generation:
            raise _ended()
        return Principal(user.id, user.name, user.role)

    def forget(self, user_id: str) -> None:
        """An account changed: look it up again before the next decision about it."""
        self._users.forget(user_id)

    # -- sign-in --------------------------------------------------------------------

    async def login(
        self, username: str, password: str, address: str, kind: Kind = REFRESH
    ) -> rest.FullPair:
        """Tokens for a name and password; ``kind`` is that of the refresh token.

        Raises:
            NotSignedIn: either is wrong, or the account is disabled; which one is not said,
                and takes the same time.
            TooManyRequests: too many failures lately from this address.
        """
        self._failures.take(username, address)
        async with self._database.read() as session:
            user = await crud.get_by_name(session, username)
        right = await self.passwords.verify(password, user.password_hash if user else None, address)
        pair = await self._sign_in(user, address, kind) if user is not None and right else None
        if pair is None:
            await self._refuse(username, address)
        self._failures.give_back(username, address)
        return pair

    async def refresh(self, token: str | None, address: str, kind: Kind = REFRESH) -> rest.FullPair:
        """A new pair for a refresh token of that kind, which is then used up.

        Raises:
            NotSignedIn: there is none, or it is unknown, expired, ended, or used before.
        """
        pair = None
        async with self._database.write() as session:
            row = await _stored(session, token, kind)
            if row is not None and await self._renewable(session, row, kind):
                pair = await self._rotate(session, row, address, kind)
            elif row is not None and row.used_at is not None:
                await refresh_tokens.revoke_family(session, row.family, now=self._clock.now())
                origin = await _owner(session, row, address)
                await self._audit.record(session, origin, "auth.refresh", outcome="replayed")
        if pair is None:
            raise NotSignedIn("the session cannot be renewed", hint="sign in again: chatops login")
        return pair

    async def logout(self, token: str | None, address: str, kind: Kind = REFRESH) -> None:
        """End the family of a refresh token. Unknown ones are fine: the aim is reached."""
        if token is None:
            return
        async with self._database.write() as session:
            row = await _stored(session, token, kind)
            if row is not None:
                await refresh_tokens.revoke_family(session, row.family, now=self._clock.now())
                origin = await _owner(session, row, address)
                await self._audit.record(session, origin, "auth.logout")

    async def register(self, username: str, password: str, address: str) -> User:
        """A viewer account for a stranger, where the settings allow that.

        Raises:
            NotPermitted: registration is closed.
            TooManyRequests: too many lately from this address.
            InvalidInput, Conflict: the name is bad or taken.
        """
        self._failures.take(username, address)
        if self._settings.now.registration != "open":
            raise NotPermitted(
                "registration is closed on this hub", hint="ask an administrator for an account"
            )
        hashed = await self.hash_new(username, password, address)
        async with self._database.write() as session:
            user = await self.create_user(session, username, hashed, "viewer")
            origin = Origin(address, user.id, user.name)
            await self._audit.record(session, origin, "auth.register", username)
        return user

    async def change_password(
        self, principal: Principal, current: str, new: str, address: str
    ) -> None:
        """Set one's own password; all sessions of the account end.

        Raises:
            NotPermitted: the current password is wrong.
            TooManyRequests: it was wrong too often.
            InvalidInput: the new one is the name.
            NotSignedIn: the account was changed meanwhile.
        """
        self._failures.take(principal.name, address)
        async with self._database.read() as session:
            user = await crud.get(session, principal.user_id)
        if user is None or not await self.passwords.verify(current, user.password_hash, address):
            raise NotPermitted("the current password is wrong")
        self._failures.give_back(principal.name, address)
        hashed = await self.hash_new(user.name, new, address)
        async with self._database.write() as session:
            if not await _unchanged(session, user):
                raise _ended()
            await crud.update(session, user.id, password_hash=hashed)
            await self.end_sessions(session, user.id)
            await self._audit.record(session, Origin.of(principal, address), "auth.password")
        self.forget(user.id)

    async def hash_new(self, name: str, password: str, address: str = "") -> str:
        """The hash of a new account's password, once name and password were found fit.

        Raises:
            InvalidInput: the name cannot be one, or the password is the name.
        """
        check_name(name, "user name")
        if password == name:
            raise InvalidInput("the password must differ from the name")
        return await self.passwords.hash(password, address)

    async def create_user(
        self, session: AsyncSession, name: str, password_hash: str, role: Role
    ) -> User:
        """A new account in the caller's transaction.

        Raises:
            Conflict: the name is taken.
        """
        if await crud.get_by_name(session, name) is not None:
            raise Conflict(f"there is a user {name} already", hint="choose another name")
        return await crud.create(
            session, name=name, password_hash=password_hash, role=role, now=self._clock.now()
        )

    async def end_sessions(self, session: AsyncSession, user_id: str) -> None:
        """Void all tokens of an account."""
        await crud.end_sessions(session, user_id)
        await refresh_tokens.revoke_user(session, user_id, now=self._clock.now())

    async def purge(self, now: float, limit: int) -> int:
        """Delete at most ``limit`` expired refresh tokens; how many it were."""
        async with self._database.write() as session:
            return await refresh_tokens.delete_expired(session, now=now, limit=limit)

    # -- inside ---------------------------------------------------------------------

    async def _load_user(self, user_id: str) -> User | None:
        async with self._database.read() as session:
            return await crud.get(session, user_id)

    async def _verify_api_token(self, text: str) -> Principal:
        row = await self.api_tokens.read(text)
        user = await self._users.get(row.user_id)
        if user is None or user.disabled:
            raise NotSignedIn("the account of this API token may not be used")
        self.api_tokens.note_use(row)
        return by_token(user, row)

    async def _sign_in(self, user: User, address: str, kind: Kind) -> rest.FullPair | None:
        """Tokens for an account whose password was right; None if it may not be used, or was
        changed while the password was checked."""
        async with self._database.write() as session:
            if user.disabled or not await _unchanged(session, user):
                return None
            await crud.update(session, user.id, last_login=self._clock.now())
            await self._audit.record(session, Origin(address, user.id, user.name), "auth.login")
            return await self._pair(session, user, new_id(), kind)

    async def _pair(
        self, session: AsyncSession, user: User, family: str, kind: Kind
    ) -> rest.FullPair:
        fresh = new_credential(kind)
        now = self._clock.now()
        await refresh_tokens.create(
            session, family=family, user_id=user.id, token_hash=fresh.hash, now=now,
            expires_at=now + REFRESH_LIFE,
        )  # fmt: skip
        return rest.FullPair(
            access_token=self.create_access_token(user.id, user.generation),
            refresh_token=fresh.text,
            expires_in=ACCESS_LIFE,
        )

    async def _rotate(
        self, session: AsyncSession, row: RefreshToken, address: str, kind: Kind
    ) -> rest.FullPair | None:
        user = await crud.get(session, row.user_id)
        if user is None or user.disabled:
            return None
        now, detail = self._clock.now(), None
        if not await refresh_tokens.mark_used(session, row.id, now=now):
            await refresh_tokens.void_unused(session, row.family, now=now)
            detail = {"repeated": True}
        origin = Origin(address, user.id, user.name)
        await self._audit.record(session, origin, "auth.refresh", detail=detail)
        return await self._pair(session, user, row.family, kind)

    async def _renewable(self, session: AsyncSession, row: RefreshToken, kind: Kind) -> bool:
        """Whether a token gives a pair: it was not used, or it is a cookie that was used a moment
        ago, and what it was renewed to was not."""
        now = self._clock.now()
        if row.revoked_at is not None or row.expires_at <= now:
            return False
        if row.used_at is None:
            return True
        graced = kind == COOKIE and 0 <= now - row.used_at <= COOKIE_GRACE
        return graced and not await refresh_tokens.used_since(session, row)

    async def _refuse(self, username: str, address: str) -> NoReturn:
        origin = Origin(address, None, None)
        await self._audit.record_alone(origin, "auth.login", username[:64], outcome="denied")
        raise NotSignedIn("the user name or the password is wrong")


async def _unchanged(session: AsyncSession, user: User) -> bool:
    """Whether no tokens were voided since ``user`` was read: not disabled, no new password."""
    now = await crud.get(session, user.id)
    return now is not None and now.generation == user.generation


async def _stored(session: AsyncSession, token: str | None, kind: Kind) -> RefreshToken | None:
    """What is known of a refresh token: nothing, if it is none of that kind."""
    if token is None or prefix_of(token, kind) is None:
        return None
    return await refresh_tokens.get_by_hash(session, hash_credential(token))


async def _owner(session: AsyncSession, row: RefreshToken, address: str) -> Origin:
    user = await crud.get(session, row.user_id)
    return Origin(address, row.user_id, user.name if user else None)


def _ended() -> NotSignedIn:
    return NotSignedIn("this session has ended", hint="sign in again: chatops login")
