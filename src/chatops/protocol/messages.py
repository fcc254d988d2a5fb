"""The messages between agent and hub, tagged by ``type``. Append-only.

Fields are only ever added, with a default; types too. A peer ignores fields it does not
know and answers a type it does not know with ``error``. Times are Unix seconds (UTC) of
the sender's clock, durations seconds, sizes bytes. Golden files in tests/contract pin
the encoding.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from chatops.protocol.facts import HostFacts, JournalFacts, PolicyFacts, SessionLimits
from chatops.protocol.integers import Count, Int
from chatops.protocol.limits import MAX_LOG_LINES
from chatops.protocol.metrics import Process, Sample
from chatops.protocol.parts import Cells, LogLine, MountUse, Terminal

CommandId = Annotated[str, Meta(max_length=200)]
"""Agents keep the ids of commands for long, so there is a bound."""
Epoch = Annotated[str, Meta(min_length=1, max_length=64)]
"""Hubs keep epochs for long, so there is a bound."""
ProcessSort = Literal["cpu", "memory"]
StreamName = Literal["stdin", "stdout", "stderr"]
Outcome = Literal["succeeded", "failed", "timed_out", "cancelled", "refused", "lost"]


class Message(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """Base of everything that has a ``type``."""


# -- both ways ------------------------------------------------------------------------


class Ping(Message, tag="ping"):
    """Sent after a silence; answered by ``pong`` with the same id."""

    id: Int = 0


class Pong(Message, tag="pong"):
    """Answer to ``ping``."""

    id: Int = 0


class Error(Message, tag="error"):
    """Something of the peer's could not be taken. ``re`` names the request, where there is one.

    Before a close, ``code`` is the name of the CloseReason.
    """

    code: str
    message: str
    re: str | None = None


class StreamClose(Message, tag="stream_close"):
    """No more bytes on a stream. From the sender: ``offset`` is its final length, ``dropped``
    how many of its bytes were never sent. From the receiver: stop sending. The ``reason`` of a
    feed that could not go on is a code, as in ``docker_response``, and ``error`` its sentence."""

    stream: Count
    offset: Count = 0
    dropped: Count = 0
    reason: str = "eof"
    error: str | None = None


class StreamCredit(Message, tag="stream_credit"):
    """The receiver takes ``credit`` more bytes of a stream. From a hub ``watched`` is as in
    ``stream_open``. For ``stdin`` the agent is the receiver: its first one after the stream was
    opened says with ``offset`` how much of the input it has, and where to go on. The sender of a
    copy may keep a block for the next credit while less than half of the first one is left; so a
    receiver gives more before it has taken half."""

    stream: Count
    credit: Count = 0
    watched: bool = True
    offset: Count = 0


# -- agent → hub ----------------------------------------------------------------------


class Auth(Message, tag="auth"):
    """The agent's first frame. ``instance`` is random per agent process: two processes that
    use one key are told apart by it. ``time`` lets the hub measure the clock's skew. ``features``
    are those of chatops.protocol.features."""

    api_key: str
    agent_version: str
    protocol: Count
    instance: str
    journal: JournalFacts
    time: float
    capabilities: list[str] = []
    host: HostFacts = field(default_factory=HostFacts)
    policy: PolicyFacts = field(default_factory=PolicyFacts)
    features: Annotated[list[Annotated[str, Meta(max_length=40)]], Meta(max_length=40)] = []


class Metrics(Message, tag="metrics"):
    """One sample. (server, epoch, seq) names it for ever; ``epoch`` is a random id made with
    the agent's spool, ``seq`` counts up in it: from 1, or from where the epoch before it ended.

    ``ts`` is when it was taken by the agent's clock. ``age`` is how long ago that was when the
    frame was made, by a clock that nobody sets; None for a sample from before the host's start.
    From both a hub tells how wrong the agent's clock is. ``sent`` is when the frame was made, by
    that clock, from which it tells how long the frame was on its way.
    """

    epoch: Epoch
    seq: Count
    ts: float
    data: Sample
    age: float | None = None
    sent: float | None = None


class MetricsGap(Message, tag="metrics_gap"):
    """The samples ``first`` to ``last`` that are not acked are lost: the spool was full, or broken.
    They were taken between ``since`` and ``until``, in the agent's time, ``age`` is of ``until``,
    and ``sent`` as that of a sample. Answered like a sample, by a ``metrics_ack`` of ``last``."""

    epoch: Epoch
    first: Count
    last: Count
    since: float
    until: float
    age: float | None = None
    sent: float | None = None
    reason: Annotated[str, Meta(max_length=40)] = "full"


class CommandResponse(Message, tag="command_response"):
    """What became of a command. ``state`` is ``running`` once when it starts, then an outcome,
    repeated at each connection until ``command_ack``; ``lost`` is of containers only.

    ``reason`` is a code (``policy``, ``not_allowed``, ``agent_stopping``, ``spawn`` …),
    ``error`` its sentence. ``signal`` is the number that ended the process.
    """

    id: str
    state: Literal["running"] | Outcome
    exit_code: Int | None = None
    signal: Int | None = None
    started_at: float | None = None
    finished_at: float | None = None
    duration_ms: Count | None = None
    stdout_bytes: Count = 0
    stderr_bytes: Count = 0
    dropped_bytes: Count = 0
    reason: str | None = None
    error: str | None = None


class DockerResponse(Message, tag="docker_response"):
    """The answer to a ``docker_command``: ``data`` on success, else ``code`` and ``error``."""

    id: str
    ok: bool
    data: Any = None
    code: str | None = None
    error: str | None = None


class SnapshotResponse(Message, tag="snapshot_response"):
    """What the host is at. None is what the agent cannot give."""

    id: str
    journal: list[str] | None = None
    mount: MountUse | None = None


class ProcessesResponse(Message, tag="processes_response"):
    """The answer to ``processes``: of ``total`` those that take most, as many as were asked for
    and fit into a frame, the largest first. ``error`` says why there are none."""

    id: str
    ts: float
    total: Count = 0
    processes: list[Process] = []
    error: str | None = None


class Log(Message, tag="log"):
    """Shipped lines of one source (a path, ``unit:NAME``, ``container:NAME`` …).

    (server, epoch, seq) names a line for ever; ``epoch`` is a random id, made with what the agent
    remembers of the lines' origin. ``after`` is the place of the line before the first one if that
    is not acked yet, else 0: a hub that has not got it leaves these out, too. Lines without an
    epoch are not acked.
    """

    source: str
    entries: Annotated[list[LogLine], Meta(max_length=MAX_LOG_LINES)]
    epoch: Annotated[str, Meta(max_length=64)] = ""
    after: Count = 0


# -- hub → agent ----------------------------------------------------------------------


class AuthSuccess(Message, tag="auth_success"):
    """The session stands. ``interval`` is the pace of samples unless the agent has its own."""

    server_id: str
    name: str
    interval: float
    time: float
    limits: SessionLimits = field(default_factory=SessionLimits)
    protocol: Count = 1
    hub_version: str = ""


class MetricsAck(Message, tag="metrics_ack"):
    """The sample (epoch, seq) is committed; the agent may forget it."""

    epoch: str
    seq: Count


class LogAck(Message, tag="log_ack"):
    """The lines of an epoch up to ``seq`` are committed; the agent may forget them."""

    epoch: str
    seq: Count


class StreamOpen(Message, tag="stream_open"):
    """Send a command's stream from ``offset`` on, at most ``credit`` bytes until more is given.

    ``stream`` is the number that binary frames carry, chosen by the hub, unique in the
    session. While ``watched`` a full buffer slows the command; else it drops the middle.

    ``stdin`` goes the other way: the hub will send it, and the agent answers with a
    ``stream_credit``. The hub's ``stream_close`` then has the input's length and the reason
    ``eof``, or ``detached`` when its source is gone for now; the agent's, ``closed``, says that
    the command takes no more.
    """

    stream: Count
    command_id: str
    name: StreamName
    offset: Count = 0
    credit: Count = 0
    watched: bool = False


class Command(Message, tag="command"):
    """Run this. A string is a line for ``/bin/sh -c``, a list an exact vector.

    ``timeout`` is kept by the agent (None: no limit but the policy's). ``streams`` opens the
    output at once, sparing a round trip; with ``stdin`` the input too, which is empty without.
    ``container`` is where to run it, ``user`` as whom there; only for agents with that feature.
    With ``terminal`` it runs at one (see docs/topics/terminals.md): its input is what is typed, all
    that it prints is ``stdout``, and an input that ends hangs up; for agents with that feature.
    """

    id: CommandId
    command: str | list[str]
    timeout: float | None = None
    cwd: str | None = None
    env: dict[str, str] = {}
    stdin: bool = False
    streams: list[StreamOpen] = []
    container: str | None = None
    user: str | None = None
    terminal: Terminal | None = None


class CommandCancel(Message, tag="command_cancel"):
    """End a command: TERM to its group, KILL after ``grace``. Answered by its response."""

    id: str
    grace: float = 5.0


class Resize(Message, tag="resize"):
    """A command's terminal has another size; with ``redraw`` its program is told in any case, so
    that it draws its screen anew. ``id`` is needed by agents only."""

    rows: Cells
    cols: Cells
    id: str = ""
    redraw: bool = False


class CommandAck(Message, tag="command_ack"):
    """The result is committed; the agent may forget the command."""

    id: str


class DockerCommand(Message, tag="docker_command"):
    """An action on the target's container engine. ``streams`` are those of a feed: its bytes come
    on them after a ``docker_response`` that says ok, until it ends or the hub closes one of them;
    ``command_id`` is this request's id, and ``offset`` is 0."""

    id: str
    action: str
    args: dict[str, Any] = {}
    streams: list[StreamOpen] = []


class SnapshotRequest(Message, tag="snapshot"):
    """An alert fires: tell what the host is at. ``mount`` is the mount to look into, "" the
    fullest, None: none. Answered by ``snapshot_response``, within seconds."""

    id: Annotated[str, Meta(max_length=200)]
    mount: str | None = None


class ProcessesRequest(Message, tag="processes"):
    """Tell which processes there are. ``limit`` 0 asks for all of them."""

    id: Annotated[str, Meta(max_length=200)]
    sort: ProcessSort = "cpu"
    limit: Count = 20


class Notice(Message, tag="notice"):
    """Something that whoever looks after the target should know: the agent writes it to its log.
    ``code`` is ``key_expiring`` or ``key_shared``; others may come."""

    code: str
    message: str
