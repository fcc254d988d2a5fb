"""The REST API's bodies. Field names are those of the CLI's ``-o json``; unknown is null.

Times are RFC 3339 strings in UTC with milliseconds (chatops.units.format_time). Request
bodies refuse fields they do not know; answers may gain fields at any time.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from chatops.protocol.limits import MAX_ARGUMENTS, MAX_NAME, MAX_PASSWORD, MIN_PASSWORD
from chatops.protocol.messages import HostFacts
from chatops.protocol.metrics import (
    Cpu,
    Disk,
    DiskIO,
    Memory,
    Network,
    Swap,
    Temperature,
)
from chatops.protocol.names import Role

T = TypeVar("T")
Timestamp = Annotated[str, Meta(description="RFC 3339, UTC, milliseconds")]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME)]
Password = Annotated[str, Meta(min_length=MIN_PASSWORD, max_length=MAX_PASSWORD)]
Seconds = Annotated[float, Meta(description="seconds")]
ServerStatus = Literal["online", "offline", "never"]
CommandStatus = Literal[
    "queued", "sent", "running", "succeeded", "failed", "timed_out", "cancelled",
    "offline", "refused", "lost",
]  # fmt: skip
COMMAND_FINAL: frozenset[CommandStatus] = frozenset(
    ("succeeded", "failed", "timed_out", "cancelled", "offline", "refused", "lost")
)


class Request(Struct, forbid_unknown_fields=True, kw_only=True):
    """Base of request bodies."""


class Page(Struct, Generic[T], kw_only=True):
    """One page of a list. ``next`` is the cursor of the page after it, null on the last."""

    items: list[T]
    next: str | None = None


class ErrorDetail(Struct, omit_defaults=True, kw_only=True):
    """What went wrong, in the one shape that all errors have."""

    code: str
    message: str
    hint: str | None = None
    details: dict[str, Any] | None = None


class ErrorBody(Struct, kw_only=True):
    """The body of every answer with a status of 400 or above."""

    error: ErrorDetail


# -- auth, users ----------------------------------------------------------------------


class Login(Request):
    username: Annotated[str, Meta(max_length=256)]
    password: Annotated[str, Meta(max_length=MAX_PASSWORD)]


class TokenPair(Struct, kw_only=True):
    """``expires_in`` is the access token's life in seconds."""

    access_token: str
    refresh_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int


class Refresh(Request):
    refresh_token: Annotated[str, Meta(max_length=512)]


class Logout(Request):
    """With a refresh token its whole family ends."""

    refresh_token: Annotated[str, Meta(max_length=512)] | None = None


class Register(Request):
    username: Name
    password: Password


class PasswordChange(Request):
    current: Annotated[str, Meta(max_length=MAX_PASSWORD)]
    new: Password


class User(Struct, kw_only=True):
    id: str
    name: str
    role: Role
    disabled: bool
    created_at: Timestamp
    last_login: Timestamp | None = None


class UserCreate(Request):
    name: Name
    password: Password
    role: Role = "viewer"


class UserUpdate(Request):
    """Only the given fields change."""

    role: Role | None = None
    disabled: bool | None = None
    password: Password | None = None


# -- servers, keys --------------------------------------------------------------------


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


class ServerDetail(Server, kw_only=True):
    """A server with what its agent told of the host. ``allow``: what the target's policy
    lets the hub do; null before the first connection."""

    host: HostFacts | None = None
    allow: list[str] | None = None
    address: str | None = None
    connected_at: Timestamp | None = None
    clock_skew_s: float | None = None


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
    tags: dict[str, str] = {}
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


# -- metrics --------------------------------------------------------------------------


class ServerSample(Struct, kw_only=True):
    """One sample, as ``chatops metrics show -o json`` has it."""

    server: str
    ts: Timestamp
    cpu: Cpu
    load: list[float]
    memory: Memory
    swap: Swap
    disks: list[Disk]
    disk_io: list[DiskIO]
    network: list[Network]
    temperatures: list[Temperature]
    uptime_s: float | None
    process_count: int | None
    containers: list[Any]
    missing: dict[str, str]


class HistoryRow(Struct, kw_only=True):
    """``value`` is the mean of the step; of a raw sample all three are the same."""

    ts: Timestamp
    metric: str
    value: float
    min: float
    max: float


# -- commands -------------------------------------------------------------------------


class CommandCreate(Request):
    """Makes a run. ``mode``: ``wait`` answers when it is over, ``stream`` streams frames
    (chatops.protocol.frames), ``detach`` answers at once."""

    target: Annotated[str, Meta(min_length=1, max_length=4096)]
    command: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[str], Meta(min_length=1, max_length=MAX_ARGUMENTS)]
    )
    mode: Literal["wait", "stream", "detach"] = "wait"
    timeout: Annotated[float, Meta(gt=0, le=30 * 86_400)] | None = None
    cwd: str | None = None
    env: dict[str, str] = {}


class CommandRecord(Struct, kw_only=True):
    """A command as ``commands list`` shows it."""

    id: str
    run_id: str
    server: str
    user: str | None
    command: str | list[str]
    status: CommandStatus
    exit_code: int | None
    signal: int | None
    created_at: Timestamp
    started_at: Timestamp | None
    finished_at: Timestamp | None
    duration_ms: int | None
    truncated: bool


class CommandResult(Struct, kw_only=True):
    """A command's outcome with its kept output. Output that is not UTF-8 stands as
    ``stdout_b64``/``stderr_b64`` beside null."""

    server: str
    command_id: str
    run_id: str
    status: CommandStatus
    exit_code: int | None = None
    signal: int | None = None
    stdout: str | None = ""
    stderr: str | None = ""
    truncated: bool = False
    dropped_bytes: int = 0
    duration_ms: int | None = None
    error: str | None = None
    stdout_b64: str | None = None
    stderr_b64: str | None = None


class StartedCommand(Struct, kw_only=True):
    id: str
    server: str


class RunStarted(Struct, kw_only=True):
    """The answer to ``mode: detach``."""

    run_id: str
    commands: list[StartedCommand]


class StreamEvent(Struct, omit_defaults=True, kw_only=True):
    """A text frame of a streamed run: ``start`` (with the command's streams), ``end`` (with
    its result), or ``error``. Output comes in binary frames between them."""

    event: Literal["start", "end", "error"]
    server: str | None = None
    command_id: str | None = None
    run_id: str | None = None
    stdout: int | None = None
    stderr: int | None = None
    result: CommandResult | None = None
    error: ErrorDetail | None = None


# -- events, audit, status ------------------------------------------------------------


class Event(Struct, kw_only=True):
    """A connection's beginning or end: connected, disconnected, refused, replaced."""

    server: str | None
    event: str
    ts: Timestamp
    address: str | None
    reason: str | None


class LogEntry(Struct, kw_only=True):
    server: str | None
    ts: Timestamp
    level: str
    source: str
    message: str


class AuditRecord(Struct, kw_only=True):
    id: int
    ts: Timestamp
    user: str | None
    action: str
    target: str | None
    outcome: str
    address: str | None
    detail: dict[str, Any] | None
    hash: str


class ServerCounts(Struct, kw_only=True):
    total: int
    online: int
    offline: int
    never: int


class AlertCounts(Struct, kw_only=True):
    firing: int
    pending: int


class Status(Struct, kw_only=True):
    version: str
    url: str
    uptime_s: float
    servers: ServerCounts
    alerts: AlertCounts


class Health(Struct, kw_only=True):
    status: Literal["ok"]
    version: str
    registration: Literal["closed", "open"]
