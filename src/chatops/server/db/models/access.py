"""Who may do what: users, and the credentials of people and agents.

Credentials are 256 random bits and stored as the SHA-256 of their text, in hex.
"""

from typing import TYPE_CHECKING, Optional

from sqlmodel import Field

from chatops.protocol.names import Role
from chatops.server.db.models.base import ChatOpsModel, Word, related

if TYPE_CHECKING:
    from chatops.server.db.models.servers import Server


class User(ChatOpsModel, table=True):
    """A person's account. ``generation`` rises when all of its sessions must end."""

    __tablename__ = "users"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    password_hash: str = Field(repr=False)
    role: Role = Field(sa_type=Word)
    disabled: bool = False
    created_at: float
    last_login: float | None = None
    generation: int = 0

    servers: list["Server"] = related("owner")
    api_keys: list["ApiKey"] = related("creator")
    api_tokens: list["ApiToken"] = related("user")
    refresh_tokens: list["RefreshToken"] = related("user")


class ApiKey(ChatOpsModel, table=True):
    """An agent's credential: it stands for one server."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True)
    server_id: str = Field(foreign_key="servers.id", ondelete="CASCADE", index=True)
    created_by: str | None = Field(
        default=None, foreign_key="users.id", ondelete="SET NULL", index=True
    )
    name: str
    prefix: str = Field(unique=True)
    hash: str = Field(repr=False)
    created_at: float
    expires_at: float | None = None
    last_used: float | None = None
    revoked_at: float | None = None

    server: Optional["Server"] = related("api_keys")
    creator: Optional["User"] = related("api_keys")


class ApiToken(ChatOpsModel, table=True):
    """A user's credential for scripts. ``servers`` is a TARGET whose plain names are ids of
    servers; None covers all of the user's."""

    __tablename__ = "api_tokens"

    id: str = Field(primary_key=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    name: str
    prefix: str = Field(unique=True)
    hash: str = Field(repr=False)
    role: Role = Field(sa_type=Word)
    servers: str | None = None
    created_at: float
    expires_at: float | None = None
    last_used: float | None = None
    revoked_at: float | None = None

    user: Optional["User"] = related("api_tokens")


class RefreshToken(ChatOpsModel, table=True):
    """One link in a chain of sign-ins; ``family`` is the chain, ended whole on a replay."""

    __tablename__ = "refresh_tokens"

    id: str = Field(primary_key=True)
    family: str = Field(index=True)
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE", index=True)
    hash: str = Field(unique=True, repr=False)
    created_at: float
    expires_at: float = Field(index=True)
    used_at: float | None = None
    revoked_at: float | None = None

    user: Optional["User"] = related("refresh_tokens")
