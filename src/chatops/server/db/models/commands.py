"""Commands that were run, and what is kept of their output."""

from typing import TYPE_CHECKING, Any, Literal, Optional

from sqlalchemy import Index
from sqlmodel import Field

from chatops.protocol.rest import CommandStatus
from chatops.server.db.models.base import BigInt, ChatOpsModel, Json, Word, related

if TYPE_CHECKING:
    from chatops.server.db.models.servers import Server

OutputStream = Literal["stdout", "stderr"]


class Command(ChatOpsModel, table=True):
    """One command on one server; those of one ``exec`` share ``run_id``.

    ``command`` is a shell line or an exact vector. ``options`` holds timeout, cwd and the
    like, of the environment only the names: values may be secret.
    """

    __tablename__ = "command_history"
    __table_args__ = (
        Index(None, "created_at", "id"),
        Index(None, "server_id", "created_at"),
        Index(None, "user_id", "idempotency_key"),
    )

    id: str = Field(primary_key=True)
    run_id: str = Field(index=True)
    server_id: str = Field(foreign_key="servers.id", ondelete="CASCADE")
    user_id: str | None = Field(default=None, foreign_key="users.id", ondelete="SET NULL")
    user_name: str | None = None
    command: str | list[str] = Field(sa_type=Json)
    options: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    idempotency_key: str | None = None
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
