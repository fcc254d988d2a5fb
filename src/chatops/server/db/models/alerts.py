"""Thresholds, the alerts that they raised, and silences."""

from typing import TYPE_CHECKING, Any, Final, Optional

from sqlalchemy import Index, false
from sqlmodel import Field

from chatops.server.db.models.base import ChatOpsModel, Json, related

if TYPE_CHECKING:
    from chatops.server.db.models.servers import Server


_FALSE: Final = {"server_default": false()}


class AlertThreshold(ChatOpsModel, table=True):
    """A rule: ``metric`` ``op`` ``value`` for ``for_s`` seconds on the servers of ``target``.

    It clears at ``clear``; None is 5 % inside the threshold. ``server_id`` is set where the target
    is that one server, so that the rule goes with it. Plain names of ``target`` are ids of servers.
    ``created_by`` is the id of its owner; None is the hub itself.
    """

    __tablename__ = "alert_thresholds"

    id: str = Field(primary_key=True)
    server_id: str | None = Field(
        default=None, foreign_key="servers.id", ondelete="CASCADE", index=True
    )
    name: str = Field(unique=True)
    metric: str
    op: str
    value: float
    clear: float | None = None
    for_s: float = 60.0
    severity: str = "warning"
    target: str = "all"
    enabled: bool = True
    created_at: float
    created_by: str | None = None

    server: Optional["Server"] = related("thresholds")
    alerts: list["Alert"] = related("rule")


class Alert(ChatOpsModel, table=True):
    """One time that a rule held on one server (and mount, device …: ``instance``).

    It keeps the rule's name, ``op`` and ``threshold`` value, for the rule may change or go.
    ``server_id`` None: several servers dropped together, which ``alert_servers`` names.
    ``silenced``: delivery was not told that it fires.
    """

    __tablename__ = "alerts"
    __table_args__ = (Index(None, "server_id", "state"), Index(None, "started_at", "id"))

    id: str = Field(primary_key=True)
    server_id: str | None = Field(default=None, foreign_key="servers.id", ondelete="CASCADE")
    threshold_id: str | None = Field(
        default=None, foreign_key="alert_thresholds.id", ondelete="SET NULL", index=True
    )
    threshold_name: str
    metric: str
    instance: str = ""
    op: str
    threshold: float
    value: float | None = None
    severity: str
    state: str = Field(index=True)
    stale: bool = False
    message: str = ""
    started_at: float
    fired_at: float | None = None
    acked_at: float | None = None
    acked_by: str | None = None
    resolved_at: float | None = None
    resolved_reason: str | None = None
    evidence: dict[str, Any] | list[Any] | None = Field(default=None, sa_type=Json)
    comment: str | None = None
    silenced: bool = Field(default=False, sa_column_kwargs=_FALSE)

    server: Optional["Server"] = related("alerts")
    rule: Optional["AlertThreshold"] = related("alerts")


class AlertServer(ChatOpsModel, table=True):
    """A server of those that dropped together; ``back``: it came again."""

    __tablename__ = "alert_servers"

    alert_id: str = Field(primary_key=True, foreign_key="alerts.id", ondelete="CASCADE")
    server_id: str = Field(
        primary_key=True, foreign_key="servers.id", ondelete="CASCADE", index=True
    )
    back: bool = False


class Silence(ChatOpsModel, table=True):
    """Until then delivery is not told of alerts of ``target``, of one ``metric`` or (None) all.
    ``created_by`` is the id of who made it, and whose rights bound it."""

    __tablename__ = "silences"

    id: str = Field(primary_key=True)
    target: str
    metric: str | None = None
    until: float = Field(index=True)
    comment: str | None = None
    created_at: float
    created_by: str | None = None
