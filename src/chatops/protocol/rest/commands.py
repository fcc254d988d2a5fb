"""Commands: what is asked, their records, their outcomes, and the frames of a streamed run."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from chatops.protocol.limits import DEFAULT_PARALLEL, MAX_ARGUMENTS, MAX_PARALLEL
from chatops.protocol.rest.common import ErrorDetail, Request, Timestamp

CommandStatus = Literal[
    "queued", "sent", "running", "succeeded", "failed", "timed_out", "cancelled",
    "offline", "refused", "lost",
]  # fmt: skip
COMMAND_FINAL: frozenset[CommandStatus] = frozenset(
    ("succeeded", "failed", "timed_out", "cancelled", "offline", "refused", "lost")
)


Portion = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,5}%?$", description="N or P%")]
"""So many servers, or so many per cent of them (see chatops.protocol.portion)."""
TimeLimit = Annotated[float, Meta(gt=0, le=30 * 86_400)]
"""Seconds."""
InContainer = Annotated[str, Meta(min_length=1, max_length=255)]
"""A name or id of a container, or of a user there."""


class CommandCreate(Request):
    """Makes a run. ``mode``: ``wait`` answers when it is over, ``stream`` streams frames
    (chatops.protocol.frames), ``detach`` answers at once, and so does ``attach``, which sends
    nothing before somebody attaches at ``/ws/commands/{id}``.

    ``stdin``: who attaches feeds the standard input; one server only. At most ``parallel``
    servers run it at a time; with ``batch`` the next so many begin when those before them are
    over; nothing more is started once ``max_failures`` ran and did not succeed. With
    ``expect_count`` nothing is sent unless the target means so many servers. ``dry_run`` answers
    with the servers that are meant, and does nothing.

    ``container`` (a name or an id) is where on the server to run it, one server only, and
    ``user`` as whom there, unless as the container does.
    """

    target: Annotated[str, Meta(min_length=1, max_length=4096)]
    command: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[str], Meta(min_length=1, max_length=MAX_ARGUMENTS)]
    )
    mode: Literal["wait", "stream", "detach", "attach"] = "wait"
    timeout: TimeLimit | None = None
    cwd: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    stdin: bool = False
    parallel: Annotated[int, Meta(ge=1, le=MAX_PARALLEL)] = DEFAULT_PARALLEL
    batch: Portion | None = None
    max_failures: Portion | None = None
    expect_count: Annotated[int, Meta(ge=0)] | None = None
    dry_run: bool = False
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    container: InContainer | None = None
    user: InContainer | None = None


class CommandRecord(Struct, kw_only=True):
    """A command as ``commands list`` shows it. ``error`` says why it did not succeed, where its
    own exit status does not. ``container`` is where it ran, as it was asked for; null: on the
    server itself."""

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
    error: str | None = None
    container: str | None = None


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


class RunCommand(Struct, kw_only=True):
    """A run's command on one server."""

    id: str
    server: str
    status: CommandStatus
    exit_code: int | None = None
    signal: int | None = None
    error: str | None = None


class Run(Struct, kw_only=True):
    """A run: one command on every server that its target meant, in the order of their names.
    ``counts`` tells how many there are of each status; ``target`` is as it was written, or
    the servers' names where the caller does not see all of them."""

    id: str
    user: str | None
    target: str
    command: str | list[str]
    created_at: Timestamp
    finished_at: Timestamp | None
    counts: dict[str, int]
    commands: list[RunCommand]


class PlannedServer(Struct, kw_only=True):
    """A server that a run would go to; only one that is online would run it. Where it is refused,
    because of the caller's role there or of what its agent allows, ``error`` says why."""

    server: str
    status: Literal["online", "offline", "never", "refused"]
    error: str | None = None


class RunPlan(Struct, kw_only=True):
    """The answer to ``dry_run``."""

    target: str
    command: str | list[str]
    servers: list[PlannedServer]


class StreamEvent(Struct, omit_defaults=True, kw_only=True):
    """A text frame of a streamed run. Output comes in binary frames between them.

    ``run`` comes first: the run's id, and how many ``servers`` it goes to. ``start`` names a
    command and the numbers of its streams; ``end`` has its result without output, and how long
    both streams were altogether; ``error`` ends what cannot go on.
    """

    event: Literal["run", "start", "end", "error"]
    server: str | None = None
    command_id: str | None = None
    run_id: str | None = None
    stdout: int | None = None
    stderr: int | None = None
    result: CommandResult | None = None
    error: ErrorDetail | None = None
    servers: int | None = None
    stdout_bytes: int | None = None
    stderr_bytes: int | None = None
