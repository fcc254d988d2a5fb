"""API tokens as credentials: whose they are, what they are for, and when they were used."""

from __future__ import annotations

from chatops.clock import Clock
from chatops.errors import ChatOpsError, NotSignedIn
from chatops.protocol.names import lower_role
from chatops.protocol.target import Target, parse_target
from chatops.server.crud import api_tokens as crud
from chatops.server.db.engine import Database
from chatops.server.db.models import ApiToken, User
from chatops.server.services.access import Principal, UsedToken
from chatops.server.services.credentials import TOKEN, matches, prefix_of
from chatops.server.services.remembered import Remembered


class ApiTokens:
    """Reads what callers show. Uses are noted in memory, and written down together."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._known = Remembered(self._load)
        self._used: dict[str, float] = {}

    async def read(self, text: str) -> ApiToken:
        """The token that ``text`` is.

        Raises:
            NotSignedIn: it is none, is revoked, or has expired.
        """
        prefix = prefix_of(text, TOKEN)
        row = await self._known.get(prefix) if prefix else None
        if row is None or not matches(text, row.hash):
            raise _refused("the API token is not known here")
        if row.revoked_at is not None:
            raise _refused("the API token was revoked")
        if not is_good(row, self._clock.now()):
            raise _refused("the API token has expired")
        return row

    def forget(self, row: ApiToken) -> None:
        """A token changed: look it up again before the next decision about it."""
        self._known.forget(row.prefix)

    def note_use(self, row: ApiToken) -> None:
        """The token was used now."""
        self._used[row.id] = self._clock.now()

    def last_used(self, row: ApiToken) -> float | None:
        """When it was used last, written down already or not."""
        return self._used.get(row.id, row.last_used)

    async def flush(self) -> None:
        """Write down when tokens were used."""
        used, self._used = self._used, {}
        if not used:
            return
        try:
            async with self._database.write() as session:
                await crud.touch(session, used)
        except ChatOpsError:
            self._used = used | self._used
            raise

    async def _load(self, prefix: str) -> ApiToken | None:
        async with self._database.read() as session:
            return await crud.get_by_prefix(session, prefix)


def is_good(row: ApiToken, now: float) -> bool:
    """Whether the token is neither revoked nor expired."""
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now)


def servers_of(row: ApiToken) -> Target | None:
    """The TARGET that a token is for, its plain names as ids; None: no bounds."""
    return parse_target(row.servers, longest=None) if row.servers else None


def by_token(user: User, row: ApiToken) -> Principal:
    """The caller that a good token of ``user`` stands for."""
    used = UsedToken(row.id, row.name, servers_of(row))
    return Principal(user.id, user.name, lower_role(row.role, user.role), used, user.role)


def _refused(text: str) -> NotSignedIn:
    return NotSignedIn(text, hint="`chatops tokens create` makes another")
