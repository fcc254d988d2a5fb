"""The tables, as SQLModel classes; importing this package makes all relationships known."""

from chatops.server.db.models.access import ApiKey, ApiToken, RefreshToken, User
from chatops.server.db.models.alerts import Alert, AlertServer, AlertThreshold, Silence
from chatops.server.db.models.audit import AuditLog
from chatops.server.db.models.base import ChatOpsModel, LogsModel, MetricsModel
from chatops.server.db.models.commands import (
    Command,
    CommandOutput,
    OutputStream,
    Recording,
    Run,
)
from chatops.server.db.models.logs import (
    LogEntryRow,
    LogPart,
    LogPosition,
    LogServer,
    LogSource,
)
from chatops.server.db.models.metrics import (
    MetricChunk,
    MetricClosed,
    MetricEpoch,
    MetricGap,
    MetricLatest,
    MetricLevel,
    MetricSeries,
    MetricsRow,
)
from chatops.server.db.models.notify import (
    Channel,
    Delivery,
    Notification,
    NotificationAlert,
    ToldAlert,
)
from chatops.server.db.models.servers import ConnectionEvent, Server, ServerShare
from chatops.server.db.models.settings import SettingRow

__all__ = [
    "Alert",
    "AlertServer",
    "AlertThreshold",
    "ApiKey",
    "ApiToken",
    "AuditLog",
    "Channel",
    "ChatOpsModel",
    "Command",
    "CommandOutput",
    "ConnectionEvent",
    "Delivery",
    "LogEntryRow",
    "LogPart",
    "LogPosition",
    "LogServer",
    "LogSource",
    "LogsModel",
    "MetricChunk",
    "MetricClosed",
    "MetricEpoch",
    "MetricGap",
    "MetricLatest",
    "MetricLevel",
    "MetricSeries",
    "MetricsModel",
    "MetricsRow",
    "Notification",
    "NotificationAlert",
    "OutputStream",
    "Recording",
    "RefreshToken",
    "Run",
    "Server",
    "ServerShare",
    "SettingRow",
    "Silence",
    "ToldAlert",
    "User",
]
