"""The fleet: servers, and when their agents came and went."""

from typing import TYPE_CHECKING, Any, Optional

from sqlalchemy import Index
from sqlmodel import Field

from chatops.protocol.names import Role
from chatops.server.db.models.access import ApiKey, User
from chatops.server.db.models.base import BigInt, ChatOpsModel, Json, Word, related

if TYPE_CHECKING:
    from chatops.server.db.models.alerts import Alert, AlertThreshold
    from chatops.server.db.models.commands import Command


class Server(ChatOpsModel, table=True):
    """One managed host.

    What its agent told last: ``host`` (HostFacts), ``allow``, ``exec``, ``docker``, ``files`` and
    ``shell`` (its policy; of these ExecFacts and its like), ``address``, ``clock_skew_s`` (its
    clock minus ours), ``journal_epoch``.
    """

    __tablename__ = "servers"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    owner_id: str | None = Field(
        default=None, foreign_key="users.id", ondelete="SET NULL", index=True
    )
    tags: dict[str, str] = Field(default_factory=dict, sa_type=Json)
    created_at: float
    last_seen: float | None = None
    agent_version: str | None = None
    os: str | None = None
    host: dict[str, Any] | None = Field(default=None, sa_type=Json)
    allow: list[str] | None = Field(default=None, sa_type=Json)
    address: str | None = None
    clock_skew_s: float | None = None
    journal_epoch: str | None = None
    exec: dict[str, Any] | None = Field(default=None, sa_type=Json)
    docker: dict[str, Any] | None = Field(default=None, sa_type=Json)
    files: dict[str, Any] | None = Field(default=None, sa_type=Json)
    shell: dict[str, Any] | None = Field(default=None, sa_type=Json)

    owner: Optional["User"] = related("servers")
    api_keys: list["ApiKey"] = related("server")
    thresholds: list["AlertThreshold"] = related("server")
    alerts: list["Alert"] = related("server")
    commands: list["Command"] = related("server")
    events: list["ConnectionEvent"] = related("server")


class ServerShare(ChatOpsModel, table=True):
    """What an account other than the owner may do on a server, at most."""

    __tablename__ = "server_shares"

    server_id: str = Field(primary_key=True, foreign_key="servers.id", ondelete="CASCADE")
    user_id: str = Field(primary_key=True, foreign_key="users.id", ondelete="CASCADE", index=True)
    role: Role = Field(sa_type=Word)
    created_at: float


class ConnectionEvent(ChatOpsModel, table=True):
    """An agent's connection began, ended, was refused or replaced. In order of ``id``."""

    __tablename__ = "connection_events"
    __table_args__ = (
        Index(None, "server_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInt)
    server_id: str | None = Field(default=None, foreign_key="servers.id", ondelete="CASCADE")
    event: str
    ts: float = Field(index=True)
    address: str | None = None
    reason: str | None = None

    server: Optional["Server"] = related("events")
