"""Rules, the alerts that they raise, and silences."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from chatops.protocol.limits import MAX_TARGET
from chatops.protocol.rest.common import Name, Request, Timestamp

AlertState = Literal["pending", "firing", "acknowledged", "resolved"]
Severity = Literal["info", "warning", "critical"]
Op = Literal["gt", "ge", "lt", "le"]
ResolvedReason = Literal["cleared", "manual", "rule changed", "rule disabled", "server removed"]
MetricName = Annotated[str, Meta(min_length=1, max_length=256)]
TargetText = Annotated[str, Meta(min_length=1, max_length=MAX_TARGET)]
Comment = Annotated[str, Meta(max_length=500)]


class Threshold(Struct, kw_only=True):
    """A rule: ``metric`` ``op`` ``value`` for ``for_s`` seconds on the servers of ``target``."""

    id: str
    name: str
    metric: str
    op: Op
    value: float
    clear: float
    for_s: float
    severity: Severity
    target: str
    enabled: bool
    owner: str | None


class ThresholdSet(Request, kw_only=True):
    """A rule as it shall be; one of the same ``name`` is changed. Without ``name`` the hub makes
    one up, without ``clear`` it lies 5 % of |value| inside the threshold, or half the way to what
    the metric can be at most, if that is less."""

    metric: MetricName
    op: Op
    value: float
    clear: float | None = None
    for_s: float = 60.0
    severity: Severity = "warning"
    target: TargetText = "all"
    name: Name | None = None


class ThresholdUpdate(Request, kw_only=True):
    """Switch a rule on or off."""

    enabled: bool


class Alert(Struct, kw_only=True):
    """One time that a rule held on a server. ``server`` is null where several dropped together;
    ``servers`` then names those that the caller may see and that are still away, or all if none is.
    ``silenced``: it fired while a silence held."""

    id: str
    server: str | None
    metric: str
    instance: str | None
    threshold_id: str | None
    threshold_name: str
    state: AlertState
    stale: bool
    severity: Severity
    value: float | None
    threshold: float
    op: Op
    message: str
    started_at: Timestamp
    fired_at: Timestamp | None
    acked_by: str | None
    resolved_at: Timestamp | None
    resolved_reason: ResolvedReason | None
    comment: str | None = None
    silenced: bool = False
    servers: list[str] | None = None


class AlertDetail(Alert, kw_only=True):
    """An alert with what its agent told when it fired; null where it told nothing."""

    evidence: dict[str, Any] | None = None


class AlertAck(Request, kw_only=True):
    """What who takes care of it has to say."""

    comment: Comment | None = None


class Silence(Struct, kw_only=True):
    """Alerts of the servers of ``target``, of one ``metric`` or all, are told to nobody."""

    id: str
    target: str
    metric: str | None
    until: Timestamp
    comment: str | None
    created_by: str | None


class SilenceCreate(Request, kw_only=True):
    """``for_s`` is how many seconds it holds."""

    target: TargetText
    for_s: Annotated[float, Meta(gt=0)]
    metric: MetricName | None = None
    comment: Comment | None = None


class ReplayFiring(Struct, kw_only=True):
    """One time that it would have fired; ``resolved_at`` is null if it still would at the end.
    ``worst`` is the value furthest past the threshold meanwhile."""

    fired_at: Timestamp
    resolved_at: Timestamp | None
    worst: float


class ReplayRow(Struct, kw_only=True):
    """What a rule would have done on one server, for one instance: ``fired`` times, for ``fired_s``
    seconds together and ``longest_s`` at most. ``plain_fired`` and ``plain_s`` are the same without
    ``for`` and clear value. ``values`` were looked at; ``firings`` are the newest hundred."""

    server: str
    metric: str
    instance: str | None
    values: int
    fired: int
    fired_s: float
    longest_s: float
    first_fired_at: Timestamp | None
    last_fired_at: Timestamp | None
    firing: bool
    plain_fired: int
    plain_s: float
    firings: list[ReplayFiring]


class Replay(Struct, kw_only=True):
    """A rule as it was tried, and what came of it, in order of server. ``step`` is the seconds that
    each value stands for, of which the worst counts; null for samples."""

    metric: str
    op: Op
    value: float
    clear: float
    for_s: float
    target: str
    since: Timestamp
    until: Timestamp
    step: float | None
    items: list[ReplayRow]
