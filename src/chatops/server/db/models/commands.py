"""Runs, their commands, and what is kept of the commands' output."""

from typing import TYPE_CHECKING, Any, Final, Literal, Optional

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from chatops.protocol.rest import CommandStatus
from chatops.server.db.models.base import BigInt, ChatOpsModel, Json, Word, related

if TYPE_CHECKING:
    from chatops.server.db.models.servers import Server

_ZERO: Final = {"server_default": "0"}
OutputStream = Literal["stdout", "stderr"]


class Run(ChatOpsModel, table=True):
    """What somebody asked to be run, on all servers that ``target`` meant at that time.

    ``options`` holds timeout, cwd, batch and the like, of the environment only the names:
    values may be secret. ``sealed_env`` has them, encrypted, while commands wait for their
    turn that could not be sent otherwise after a restart of the hub. ``digest`` tells whether
    a repeated ``idempotency_key`` came with the same request. ``token_id`` is the API token
    that it was asked for with; no foreign key, the run outlives the token.
    """

    __tablename__ = "runs"
    __table_args__ = (UniqueConstraint("user_id", "idempotency_key"),)

    id: str = Field(primary_key=True)
    user_id: str | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    user_name: str | None = None
    target: str
    command: str | list[str] = Field(sa_type=Json)
    options: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    idempotency_key: str | None = None
    digest: str | None = None
    sealed_env: bytes | None = None
    created_at: float = Field(index=True)
    token_id: str | None = None


class Command(ChatOpsModel, table=True):
    """A run's command on one server. ``command`` is a shell line or an exact vector.

    ``container`` is where it runs, as it was asked for; None: on the server itself.
    ``cancelled_at`` is when somebody asked for its end before it was over: its agent, should it
    be away, is told when it is back.
    """

    __tablename__ = "command_history"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "server_id", "created_at"),
    )

    id: str = Field(primary_key=True)
    run_id: str = Field(index=True)
    server_id: str = Field(foreign_key="servers.id", ondelete="CASCADE")
    user_id: str | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    user_name: str | None = None
    command: str | list[str] = Field(sa_type=Json)
    status: CommandStatus = Field(sa_type=Word, index=True)
    exit_code: int | None = None
    signal: int | None = None
    created_at: float
    sent_at: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: int | None = Field(default=None, sa_type=BigInt)
    truncated: bool = False
    dropped_bytes: int = Field(default=0, sa_type=BigInt)
    reason: str | None = None
    error: str | None = None
    stdout_bytes: int = Field(default=0, sa_type=BigInt, sa_column_kwargs=_ZERO)
    stderr_bytes: int = Field(default=0, sa_type=BigInt, sa_column_kwargs=_ZERO)
    cancelled_at: float | None = None
    container: str | None = None

    server: Optional["Server"] = related("commands")
    output: list["CommandOutput"] = related("command")


class CommandOutput(ChatOpsModel, table=True):
    """A piece of a stream's kept head or tail; ``offset`` is of its first byte."""

    __tablename__ = "command_output"

    command_id: str = Field(primary_key=True, foreign_key="command_history.id", ondelete="CASCADE")
    stream: OutputStream = Field(primary_key=True, sa_type=Word)
    offset: int = Field(primary_key=True, sa_type=BigInt)
    data: bytes

    command: Optional["Command"] = related("output")


class Recording(ChatOpsModel, table=True):
    """What was printed at a terminal: the file ``recordings/ID.cast``. The id is its command's; no
    foreign key, either may be kept longer. ``duration_s`` and ``size`` are known at its end;
    ``container`` is as in a Command."""

    __tablename__ = "recordings"
    __table_args__ = (
        Index(None, "started_at", "id"),
        Index(None, "server_id", "started_at"),
    )

    id: str = Field(primary_key=True)
    server_id: str = Field(foreign_key="servers.id", ondelete="CASCADE")
    user_id: str | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    user_name: str | None = None
    command: str | list[str] = Field(sa_type=Json)
    started_at: float
    duration_s: float | None = None
    size: int | None = Field(default=None, sa_type=BigInt)
    container: str | None = None
