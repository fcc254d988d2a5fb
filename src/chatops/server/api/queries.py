"""The queries of list operations."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from chatops.errors import InvalidInput
from chatops.protocol.limits import (
    DEFAULT_PAGE,
    MAX_HISTORY_METRICS,
    MAX_PAGE,
    MAX_PATH,
    MAX_PLACE,
    MAX_PROCESSES,
    MAX_TARGET,
)
from chatops.protocol.messages import ProcessSort
from chatops.protocol.rest import (
    AlertState,
    CommandStatus,
    LogLevel,
    Op,
    ServerStatus,
    Severity,
)
from chatops.units import parse_time

Limit = Annotated[int, Meta(ge=1, le=MAX_PAGE, description="most items on the page")]
Cursor = Annotated[str, Meta(max_length=1024, description="`next` of the page before")]
Text = Annotated[str, Meta(max_length=256)]
Time = Annotated[str, Meta(max_length=64, description="RFC 3339 time")]
Duration = Annotated[str, Meta(max_length=32, description="duration, like 1m")]


class PageQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """A list in order of name."""

    limit: Limit = DEFAULT_PAGE
    cursor: Cursor | None = None


class ServersQuery(PageQuery, kw_only=True):
    """``tag`` may be repeated; all must be there."""

    tag: list[Text] = []
    status: ServerStatus | None = None


class ScrapeQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """``fleet``: also what each server measured last."""

    fleet: bool = False


class KeysQuery(PageQuery, kw_only=True):
    """Keys, of one server if named."""

    server: Text | None = None


class TokensQuery(PageQuery, kw_only=True):
    """API tokens, of another user if named."""

    user: Text | None = None


class SpanQuery(PageQuery, kw_only=True):
    """A history list, newest first; ``since`` is included, ``until`` is not."""

    since: Time | None = None
    until: Time | None = None


class EventsQuery(SpanQuery, kw_only=True):
    """Connection events."""

    server: Text | None = None


class RecordingsQuery(SpanQuery, kw_only=True):
    """Recordings of terminals."""

    server: Text | None = None
    user: Text | None = None


class CommandsQuery(SpanQuery, kw_only=True):
    """Commands. ``status`` may be repeated; without one all."""

    server: Text | None = None
    user: Text | None = None
    run: Text | None = None
    status: list[CommandStatus] = []


class AlertsQuery(PageQuery, kw_only=True):
    """Alerts, newest first. ``state`` may be repeated; without one all. ``since`` leaves out what
    was resolved before."""

    state: list[AlertState] = []
    server: Text | None = None
    severity: Severity | None = None
    since: Time | None = None


class ReplayQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """A rule that there is (``threshold``, by name or id), or ``metric``, ``op`` and ``value``; the
    other parameters stand in place of what the rule says. Since a day ago, if not said."""

    threshold: Text | None = None
    metric: Text | None = None
    op: Op | None = None
    value: float | None = None
    for_s: float | None = None
    clear: float | None = None
    target: Annotated[str, Meta(max_length=MAX_TARGET)] | None = None
    since: Time | None = None
    until: Time | None = None


class LogsQuery(SpanQuery, kw_only=True):
    """Log entries, received last first: those with all words of ``query``, of the servers of
    ``target``, of that ``level`` or a worse one."""

    query: Annotated[str, Meta(max_length=1000)] | None = None
    target: Annotated[str, Meta(max_length=MAX_TARGET)] | None = None
    level: LogLevel | None = None


class AuditQuery(SpanQuery, kw_only=True):
    """The audit trail; ``action`` is how the action begins, ``target`` what the target has in it.
    ``outcome`` is one, or ``bad``: all that were not as they should be."""

    user: Text | None = None
    action: Text | None = None
    target: Text | None = None
    outcome: Text | None = None


class ProcessesQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """The processes that take most; ``limit`` 0 is all of them."""

    sort: ProcessSort = "cpu"
    limit: Annotated[int, Meta(ge=0, le=MAX_PROCESSES)] = 20


class ContainersQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Containers that run; ``all``: others too."""

    all: bool = False


class ContainerQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """``timeout`` is how many seconds the engine gets."""

    timeout: Annotated[float, Meta(ge=0, le=600)] | None = None


class ContainerLogsQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """A container's log: its ``tail`` last lines (without it all), of those from ``since`` on.
    ``follow``: and what is written from now on. ``timestamps``: each line begins with its time."""

    follow: bool = False
    tail: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    since: Time | None = None
    timestamps: bool = False


class FileLogQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """A file by its whole ``path``: its ``lines`` last lines (without it all). ``follow``: and what
    is written from now on, there and to the files that take its place. ``place`` is of a mark that
    came with its bytes: begin ``skip`` bytes behind that."""

    path: Annotated[str, Meta(min_length=1, max_length=MAX_PATH)]
    lines: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    follow: bool = False
    place: Annotated[str, Meta(max_length=MAX_PLACE)] = ""
    skip: Annotated[int, Meta(ge=0, le=2**53)] = 0


class UnitLogQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """The journal of a ``unit``: its ``lines`` last entries (without it all). ``follow``: and what
    comes from now on. ``after`` is the cursor of an entry: begin behind that."""

    unit: Text
    lines: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None
    follow: bool = False
    after: Annotated[str, Meta(max_length=300)] = ""


class DeleteUserQuery(Struct, forbid_unknown_fields=True, kw_only=True):
    """Who gets the servers of a deleted account."""

    reassign_to: Text | None = None


class HistoryParameters(Struct, forbid_unknown_fields=True, kw_only=True):
    """A span, oldest first: mean, min and max of each step; without one in the finest steps that
    are kept of the whole span, at best raw samples. ``metric`` ``*`` means all."""

    metric: Annotated[list[Text], Meta(max_length=MAX_HISTORY_METRICS)] = []
    since: Time | None = None
    until: Time | None = None
    step: Duration | None = None
    limit: Annotated[int, Meta(ge=1, le=50_000)] = 10_000
    cursor: Cursor | None = None


class HistoriesParameters(HistoryParameters, kw_only=True):
    """The same of all servers that a TARGET means."""

    target: Text


def moment(text: str | None, name: str) -> float | None:
    """Unix seconds of a time parameter.

    Raises:
        InvalidInput: it is no RFC 3339 time; names the parameter.
    """
    if text is None:
        return None
    try:
        return parse_time(text)
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error.message}", hint=error.hint) from None
