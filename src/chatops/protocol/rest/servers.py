"""The fleet, and the keys of its agents."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from chatops.protocol.facts import DockerFacts, ExecFacts, FilesFacts, HostFacts, ShellFacts
from chatops.protocol.names import Role
from chatops.protocol.rest.common import Name, Request, Timestamp

ServerStatus = Literal["online", "offline", "never"]


class Server(Struct, kw_only=True):
    id: str
    name: str
    status: ServerStatus
    tags: dict[str, str]
    owner: str | None
    os: str | None
    agent_version: str | None
    created_at: Timestamp
    last_seen: Timestamp | None
    cpu_percent: float | None
    memory_percent: float | None
    disk_percent: float | None
    alerts: int


class ExecPolicy(ExecFacts, omit_defaults=False, kw_only=True):
    """What the target's policy says of commands, as its agent told it. ``commands``,
    ``env_allow`` and ``folders`` are null where the hub is not bound to a list."""


class DockerPolicy(DockerFacts, omit_defaults=False, kw_only=True):
    """What the target's policy says of containers, as its agent told it. ``named``: only those
    that its patterns name are seen; ``exec``: commands may run in them, where ``mode`` is full."""


class FilesPolicy(FilesFacts, omit_defaults=False, kw_only=True):
    """What the target's policy says of files, as its agent told it: the ``folders`` in which they
    may be read, and patterns of the ``units`` whose journals may (null: all); whether they may be
    written (``write``), and in which ``write_folders`` (null: all)."""


class ShellPolicy(ShellFacts, omit_defaults=False, kw_only=True):
    """What the target's policy says of terminals, as its agent told it: seconds after which one is
    hung up, when nothing happens there (``idle``) and in any case (``total``)."""


class ServerDetail(Server, kw_only=True):
    """A server with what its agent told of the host. ``allow``: what the target's policy
    lets the hub do; null before the first connection. ``exec``: the bounds of commands, where
    they are allowed; ``docker``: those of containers, where they are, and the agent tells;
    ``files``: those of files and journals, ``shell``: those of terminals, likewise. ``role`` is
    what the caller may do there: the lower of its account's role and what it has on the server."""

    host: HostFacts | None = None
    allow: list[str] | None = None
    exec: ExecPolicy | None = None
    docker: DockerPolicy | None = None
    files: FilesPolicy | None = None
    shell: ShellPolicy | None = None
    address: str | None = None
    connected_at: Timestamp | None = None
    clock_skew_s: float | None = None
    role: Role | None = None


class Share(Struct, kw_only=True):
    """What an account other than the owner may do on a server, at most. ``effective`` is the
    lower of that and the account's own role, and what counts."""

    server: str
    user: str
    role: Literal["viewer", "operator", "admin"]
    effective: Literal["viewer", "operator", "admin"]
    created_at: Timestamp


class ShareCreate(Request):
    """Gives a user a role on a server."""

    user: Name
    role: Literal["viewer", "operator"]


class ApiKey(Struct, kw_only=True):
    id: str
    server: str
    name: str
    prefix: str
    created_at: Timestamp
    expires_at: Timestamp | None
    last_used: Timestamp | None
    revoked_at: Timestamp | None


class ApiKeyCreated(Struct, kw_only=True):
    """The only time the key is seen. ``join`` holds the hub's address and the key in one."""

    id: str
    name: str
    key: str
    prefix: str
    join: str
    server: str
    expires_at: Timestamp | None = None


class ServerCreated(Server, kw_only=True):
    key: ApiKeyCreated | None = None


class ServerCreate(Request):
    """With ``key`` the server's first key is made with it."""

    name: Name
    tags: dict[str, str] = field(default_factory=dict)
    key: bool = False


class ServerUpdate(Request):
    """Only the given fields change; a tag whose value is null is taken away."""

    name: Name | None = None
    tags: dict[str, str | None] | None = None


class ApiKeyCreate(Request):
    server: str
    name: Name = "default"
    expires_in: Annotated[float, Meta(gt=0, le=10 * 366 * 86_400)] | None = None


class ApiKeySelf(Struct, kw_only=True):
    """What ``GET /api-keys/me`` tells the holder of a key (``agent check``)."""

    id: str
    server: str
    server_id: str
    expires_at: Timestamp | None
    time: Timestamp
