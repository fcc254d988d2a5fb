"""Who may do what, decided in one place for REST and sockets.

An operation names the least role it needs (api.routes). On a single server the role that
counts is the lower of the account's role and what it has there. Who has none there is
answered as if the server did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from chatops.errors import NotFound, NotPermitted
from chatops.protocol.names import Role, lower_role, role_rank


class Access(Enum):
    """What a caller needs to be let in at all."""

    OPEN = "open"
    AGENT_KEY = "agent_key"
    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"
    """Of one server: its owner, as an operator, or an administrator."""
    ADMIN = "admin"


_ROLES: Mapping[Access, Role] = {
    Access.VIEWER: "viewer",
    Access.OPERATOR: "operator",
    Access.OWNER: "operator",
    Access.ADMIN: "admin",
}


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls: an account, with the role it has now. ``since`` is the count of revocations
    when that was looked up (see Followings): of what came later it is not known yet."""

    user_id: str
    name: str
    role: Role
    since: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Agent:
    """The holder of an API key."""

    key_id: str
    server_id: str
    server_name: str
    expires_at: float | None


def require(principal: Principal, access: Access) -> None:
    """Let ``principal`` pass if its account's role suffices.

    Raises:
        NotPermitted: it does not.
    """
    if role_rank(principal.role) < role_rank(_ROLES[access]):
        raise NotPermitted(
            f"this needs the role {access.value}; {principal.name} is {principal.role}",
            hint="ask an administrator",
        )


def role_on_server(principal: Principal, owner_id: str | None, share: Role | None) -> Role | None:
    """The role that counts on a server; None when the caller has nothing to do with it.
    ``share`` is what the server's owner gave it."""
    if principal.role == "admin":
        return "admin"
    if owner_id == principal.user_id:
        return lower_role(principal.role, "operator")
    return lower_role(principal.role, share) if share is not None else None


def require_on_server(
    principal: Principal, name: str, owner_id: str | None, share: Role | None, access: Access
) -> None:
    """Let ``principal`` act on a server if its role there suffices.

    Raises:
        NotFound: it may not know that the server exists.
        NotPermitted: it may see the server, but not do this.
    """
    role = role_on_server(principal, owner_id, share)
    if role is None:
        raise no_server(name)
    if access is Access.OWNER and role != "admin" and owner_id != principal.user_id:
        raise NotPermitted(
            f"this is for the owner of {name}; {principal.name} is {role} there",
            hint="ask the server's owner or an administrator",
        )
    if role_rank(role) < role_rank(_ROLES[access]):
        raise NotPermitted(
            f"this needs the role {_ROLES[access]} on {name}; {principal.name} is {role} there",
            hint="ask the server's owner or an administrator",
        )


def no_server(name: str) -> NotFound:
    """The answer for a server that is not there, or not for this caller's eyes."""
    return NotFound(
        f"there is no server {name[:80]!r}", hint="`chatops servers list` shows those you may see"
    )
