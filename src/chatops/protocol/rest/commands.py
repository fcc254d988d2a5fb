"""Commands: what is asked, their records, their outcomes, and the frames of a streamed run."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from chatops.protocol.limits import MAX_ARGUMENTS
from chatops.protocol.rest.common import ErrorDetail, Request, Timestamp

CommandStatus = Literal[
    "queued", "sent", "running", "succeeded", "failed", "timed_out", "cancelled",
    "offline", "refused", "lost",
]  # fmt: skip
COMMAND_FINAL: frozenset[CommandStatus] = frozenset(
    ("succeeded", "failed", "timed_out", "cancelled", "offline", "refused", "lost")
)


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
    env: dict[str, str] = field(default_factory=dict)


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
