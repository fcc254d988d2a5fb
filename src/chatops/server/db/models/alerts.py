"""Thresholds, and the alerts that they raised."""

from typing import TYPE_CHECKING, Any, Optional

from sqlalchemy import Index
from sqlmodel import Field

from chatops.server.db.models.base import ChatOpsModel, Json, related

if TYPE_CHECKING:
    from chatops.server.db.models.servers import Server


class AlertThreshold(ChatOpsModel, table=True):
    """A rule: ``metric`` ``op`` ``value`` for ``for_s`` seconds on the servers of ``target``.

    It clears at ``clear``. ``server_id`` is set where the target is that one server, so
    that the rule goes with it.
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

    server: Optional["Server"] = related("alerts")
    rule: Optional["AlertThreshold"] = related("alerts")
