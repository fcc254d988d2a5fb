"""The messages on the hub's WebSockets for clients (``/api/v1/ws/…``). Append-only."""

from __future__ import annotations

import functools
from typing import Annotated

from msgspec import Meta, Struct, field

from chatops.protocol.codec import Codec
from chatops.protocol.copies import CopyBegin, CopyId, CopyPlace, CopyReport, Name
from chatops.protocol.copies import Path as CopyPath
from chatops.protocol.integers import Count
from chatops.protocol.limits import MAX_ARGUMENTS
from chatops.protocol.messages import (
    Error,
    Message,
    Ping,
    Pong,
    Resize,
    StreamClose,
    StreamCredit,
    StreamOpen,
)
from chatops.protocol.parts import Cells, TermName
from chatops.protocol.rest import Alert, LogEntry, LogLevel, ServerSample, StreamEvent
from chatops.protocol.rest.commands import InContainer, TimeLimit
from chatops.protocol.rest.common import ErrorDetail, Timestamp


class ClientAuth(Message, tag="auth"):
    """The client's first frame: an access token (JWT) or an API token."""

    token: str


class ClientAuthSuccess(Message, tag="auth_success"):
    """The subscription stands. ``server_id`` is None where it covers no single server. ``time``
    is the hub's, for a client whose clock is wrong."""

    server_id: str | None = None
    user: str = ""
    time: Timestamp | None = None


class MetricsEvent(Message, tag="metrics"):
    """A sample of the subscribed server, as ``chatops metrics show -o json`` has it."""

    data: ServerSample


class Watch(Message, tag="watch"):
    """On ``/ws/metrics``, which is for many servers: send the values of ``metrics`` (METRIC names)
    of each sample of the servers that ``target`` means, whichever these are as time goes by; with
    ``alerts`` also an ``alert`` message whenever one of these servers' alerts changes. A later one
    takes the place of the one before."""

    target: str
    metrics: list[str]
    alerts: bool = False


class Values(Struct):
    """Some values of one sample, by METRIC name; what was not measured is left out."""

    server_id: str
    server: str
    ts: Timestamp
    values: dict[str, float]


class ValuesEvent(Message, tag="values"):
    """The values that ``watch`` asked for, of one server's newest sample."""

    data: Values


class LogEvent(Message, tag="log", omit_defaults=True):
    """An entry of the subscribed server's log stream. ``id`` says where it stands: who asks for
    what comes after it (``?after=``) misses nothing and gets nothing twice."""

    data: LogEntry
    id: int | None = None


class Tail(Message, tag="tail"):
    """On ``/ws/logs``, which is for many servers: send the log entries of the servers that
    ``target`` means, whichever these are as time goes by; of ``level`` or worse, of that
    ``source``, and with what the regular expression ``grep`` (RE2) finds in their messages. First
    the last ``lines`` of them, or all that come ``after`` a place that an earlier page named; then,
    with ``follow``, what is committed from now on. Without it the hub closes the socket as
    ``done``."""

    target: str
    lines: Count = 100
    after: Count | None = None
    level: LogLevel | None = None
    grep: str | None = None
    follow: bool = True
    source: str | None = None


class LogPage(Struct, omit_defaults=True):
    """Entries in the order in which the hub received them; ``after`` is the place behind them, up
    to which everything was looked at. Before the entries ``left_out`` are missing: a reader was too
    far behind. ``gap`` says that others may be, and why. ``since``: the hub looked no further
    back for the last lines than to this time. ``none``: the TARGET means no server now."""

    after: int
    entries: list[LogEntry]
    left_out: int = 0
    gap: str | None = None
    since: Timestamp | None = None
    none: bool = False


class LogsEvent(Message, tag="logs"):
    """What ``tail`` asked for, page by page."""

    data: LogPage


class AlertEvent(Message, tag="alert"):
    """An alert of a subscribed server fires, was acknowledged, or is resolved; as
    ``chatops alerts show -o json`` has it, without evidence. One of several servers together comes
    once for each of them, and names no other."""

    data: Alert


class Dropped(Struct, omit_defaults=True):
    """How many events a slow subscriber missed; ``gap`` says why others may be missing."""

    count: int
    gap: str | None = None


class DroppedEvent(Message, tag="dropped"):
    """The subscriber was too slow, and so many of the oldest events were left out."""

    data: Dropped


class Attach(Message, tag="attach"):
    """Follow the command or run that the socket is for, from its beginning or, of a command
    (by id), from ``offsets`` on: [stdout, stderr]. With ``stdin`` the sender feeds the standard
    input, in binary frames of stream 0, as far as ``stream_credit`` allows, and ends it with
    ``stream_close``; both as between hub and agent (chatops.protocol.messages). A
    ``stream_open`` begins it, and begins it anew when the agent was away: the next credit says
    with its ``offset`` where to go on."""

    offsets: dict[str, tuple[Count, Count]] = field(default_factory=dict)
    stdin: bool = False


class OpenTerminal(Message, tag="terminal"):
    """On ``/ws/terminal/{server}``: open a terminal there and run ``command`` at it, which is the
    login shell where it is null; asked again with the same ``key`` it is the same one. Or, with
    ``command_id`` (a run's id does too), come back to one, from byte ``offset`` of its output on.
    Answered by command events, output in binary frames, and a ``stream_open`` of stream 0, which
    carries what is typed, as for ``attach`` with ``stdin``. Its ``stream_close`` hangs up; a
    connection that is lost leaves the terminal for a while. ``resize`` tells another size.

    ``container``, ``user``, ``cwd``, ``env`` and ``timeout`` are those of CommandCreate. In a
    container there is no login shell: it takes a ``command``."""

    rows: Cells
    cols: Cells
    term: TermName = "xterm"
    command: (
        Annotated[str, Meta(min_length=1)]
        | Annotated[list[str], Meta(min_length=1, max_length=MAX_ARGUMENTS)]
        | None
    ) = None
    key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    command_id: str | None = None
    offset: Count = 0
    container: InContainer | None = None
    user: InContainer | None = None
    cwd: str | None = None
    env: dict[str, str] = field(default_factory=dict)
    timeout: TimeLimit | None = None


class StreamCut(Message, tag="stream_cut"):
    """The server that a stream of the client's goes to is away. What is sent meanwhile is lost: a
    ``stream_open`` begins the stream anew when the server is back."""

    stream: Count


class OpenCopy(Message, tag="copy"):
    """On ``/ws/files/{server}``: copy what is at ``path`` from the server, or with ``to_server``
    what the client sends to there (see CopyOutArgs and CopyInArgs; ``place`` is of the first,
    ``name`` of the second). Answered by ``copy_begin``. Then records
    (chatops.protocol.pack) in binary frames of stream 0: from the hub, as fast as the client takes
    them; or from the client, as far as ``stream_credit`` allows, where a frame without bytes says
    that it is at work on what comes next. A ``stream_close`` with the reason
    ``cancelled`` gives up for good what was written; a connection that is lost leaves it for a
    while, and with the same ``id`` it goes on. The hub ends with ``copy_end``."""

    id: CopyId
    path: CopyPath
    to_server: bool = False
    recursive: bool = False
    name: Name = b""
    place: CopyPlace | None = None


class CopyBegun(Message, tag="copy_begin"):
    """The copy has begun; ``server`` is the server's name."""

    server: str
    data: CopyBegin


class CopyEnd(Message, tag="copy_end"):
    """The copy is over, with the ``report`` of the server's agent, or an ``error``; then
    ``partial`` says what was copied before that and is there, where the agent said it."""

    report: CopyReport | None = None
    error: ErrorDetail | None = None
    partial: CopyReport | None = None


class CommandEvent(Message, tag="command_event"):
    """What happens to a command; its output comes in binary frames."""

    data: StreamEvent


FromClient = (
    ClientAuth
    | Attach
    | Watch
    | Tail
    | OpenTerminal
    | OpenCopy
    | Resize
    | StreamClose
    | Ping
    | Pong
)
"""What the hub may receive from a client."""

ToClient = (
    ClientAuthSuccess
    | MetricsEvent
    | ValuesEvent
    | LogEvent
    | LogsEvent
    | AlertEvent
    | DroppedEvent
    | CommandEvent
    | CopyBegun
    | CopyEnd
    | StreamOpen
    | StreamCredit
    | StreamClose
    | StreamCut
    | Error
    | Ping
    | Pong
)
"""What a client may receive from the hub."""


@functools.cache
def from_client() -> Codec[FromClient]:
    """What the hub reads from clients' sockets."""
    return Codec(FromClient)


@functools.cache
def to_client() -> Codec[ToClient]:
    """What a client reads from the hub's sockets."""
    return Codec(ToClient)
