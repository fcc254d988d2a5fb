"""Who may do what, decided in one place for REST and sockets.

An operation names the least role it needs (api.routes). On a single server the role that
counts is the lower of the account's role and what it has there. Who has none there is
answered as if the server did not exist. An API token lowers its maker's role, and may be for
some servers only: others do not exist for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from chatops.errors import InvalidInput, NotFound, NotPermitted
from chatops.protocol.closing import WHO_GRANTS
from chatops.protocol.names import Role, lower_role, role_rank
from chatops.protocol.target import Facts, Target, parse_target


class Access(Enum):
    """What a caller needs to be let in at all."""

    OPEN = "open"
    AGENT_KEY = "agent_key"
    SESSION = "session"
    """Any account, signed in with its password: no API token."""
    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"
    """Of one server: its owner, as an operator, or an administrator."""
    ADMIN = "admin"


_ROLES: Mapping[Access, Role] = {
    Access.SESSION: "viewer",
    Access.VIEWER: "viewer",
    Access.OPERATOR: "operator",
    Access.OWNER: "operator",
    Access.ADMIN: "admin",
}


@dataclass(frozen=True, slots=True)
class UsedToken:
    """The API token that somebody showed. ``servers`` are the only ones it is for; None: all
    that its maker may see."""

    id: str
    name: str
    servers: Target | None = None

    def covers(self, server: Facts) -> bool:
        """Whether the token is for that server, as it is called and tagged now."""
        return self.servers is None or self.servers.covers(server)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose credentials keep something going: an account's session, or one of its tokens."""

    user_id: str | None
    token: UsedToken | None = None


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an account, with the role that counts now. With ``token`` that is the lower of
    the token's role and ``account``, the account's own. ``since`` is the count of revocations when
    that was looked up (see Followings): of what came later it is not known yet."""

    user_id: str
    name: str
    role: Role
    token: UsedToken | None = None
    account: Role | None = None
    since: int = field(default=0, compare=False)

    @property
    def holder(self) -> Holder:
        """Whose credentials these are."""
        return Holder(self.user_id, self.token)

    @property
    def title(self) -> str:
        """What errors call the caller."""
        return f"{self.name}'s token {self.token.name}" if self.token else self.name

    @property
    def only_user(self) -> str | None:
        """Whose servers there are for the caller: the account's, or (None) everybody's."""
        return None if (self.account or self.role) == "admin" else self.user_id

    @property
    def sees_all(self) -> bool:
        """Whether there is no server, now or later, that does not exist for the caller: what tells
        of the hub as a whole gives nothing away."""
        return self.only_user is None and (self.token is None or self.token.servers is None)

    def covers(self, server: Facts) -> bool:
        """Whether the caller's credentials are for that server at all."""
        return self.token is None or self.token.covers(server)


@dataclass(frozen=True, slots=True)
class Agent:
    """The holder of an API key."""

    key_id: str
    server_id: str
    server_name: str
    expires_at: float | None


def require(principal: Principal, access: Access) -> None:
    """Let ``principal`` pass if its role suffices.

    Raises:
        NotPermitted: it does not, or an API token was shown where none is taken.
    """
    if access is Access.SESSION and principal.token is not None:
        raise NotPermitted(
            f"this is not for API tokens; {principal.title} is one",
            hint="sign in with the password: chatops login",
        )
    if role_rank(principal.role) < role_rank(_ROLES[access]):
        raise NotPermitted(
            f"this needs the role {_ROLES[access]}; {principal.title} is {principal.role}",
            hint="ask an administrator",
        )


def role_on_server(
    principal: Principal, server: Facts, owner_id: str | None, share: Role | None
) -> Role | None:
    """The role that counts on a server; None when the caller has nothing to do with it.
    ``share`` is what the server's owner gave the account."""
    if not principal.covers(server):
        return None
    if principal.only_user is None:
        return principal.role
    if owner_id == principal.user_id:
        return lower_role(principal.role, "operator")
    return lower_role(principal.role, share) if share is not None else None


def require_on_server(
    principal: Principal,
    name: str,
    server: Facts,
    owner_id: str | None,
    share: Role | None,
    access: Access,
) -> None:
    """Let ``principal`` act on a server, which it called ``name``, if its role there suffices.

    Raises:
        NotFound: it may not know that the server exists.
        NotPermitted: it may see the server, but not do this.
    """
    role = role_on_server(principal, server, owner_id, share)
    if role is None:
        raise no_server(name)
    if access is Access.OWNER and role != "admin" and owner_id != principal.user_id:
        raise NotPermitted(
            f"this is for the owner of {name}; {principal.title} is {role} there",
            hint=WHO_GRANTS,
        )
    if role_rank(role) < role_rank(_ROLES[access]):
        raise NotPermitted(
            f"this needs the role {_ROLES[access]} on {name}; {principal.title} is {role} there",
            hint=WHO_GRANTS,
        )


def no_server(name: str) -> NotFound:
    """The answer for a server that is not there, or not for this caller's eyes."""
    hint = "`chatops servers list` shows those you may see"
    if _means_several(name):
        hint = f"one server is meant here, by its name or id; {hint}"
    return NotFound(f"there is no server {name[:80]!r}", hint=hint)


def _means_several(name: str) -> bool:
    try:
        return parse_target(name).one is None
    except InvalidInput:
        return False
