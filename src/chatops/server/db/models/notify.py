"""Channels, and the outbox: what they are to be told, and every attempt to do it."""

from sqlalchemy import Index
from sqlmodel import Field

from chatops.server.db.models.base import ChatOpsModel


class Channel(ChatOpsModel, table=True):
    """Where alerts are told. ``sealed`` is the URL with the secret, encrypted; ``shown`` what may
    be seen of it. ``target`` is a TARGET whose plain names are ids of servers. ``remind_s``: told
    again so often while it fires and nobody has acknowledged it."""

    __tablename__ = "channels"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    sealed: bytes = Field(repr=False)
    shown: str
    severity: str
    target: str
    remind_s: float | None = None
    signed: bool = False
    created_at: float
    created_by: str | None = None
    last_result: str | None = None
    last_result_at: float | None = None


class Notification(ChatOpsModel, table=True):
    """A message of one channel. Until its first attempt alerts may join it. ``opens_at`` is when
    that may be, ``due_at`` when the next one is. ``ended_at``: it was delivered, or given up."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "channel_id", "ended_at"), Index(None, "ended_at"))

    id: str = Field(primary_key=True)
    channel_id: str = Field(foreign_key="channels.id", ondelete="CASCADE")
    event: str
    created_at: float
    opens_at: float
    due_at: float
    attempts: int = 0
    ended_at: float | None = None
    delivered: bool = False


class NotificationAlert(ChatOpsModel, table=True):
    """An alert that a message tells of, as it was then (JSON): it may be gone when the message
    goes. Text, because in a storm it is encoded once for all channels."""

    __tablename__ = "notification_alerts"

    notification_id: str = Field(
        primary_key=True, foreign_key="notifications.id", ondelete="CASCADE"
    )
    alert_id: str = Field(primary_key=True)
    alert: str


class Delivery(ChatOpsModel, table=True):
    """One attempt. ``ok`` None: it is under way, or the hub was killed in it."""

    __tablename__ = "deliveries"
    __table_args__ = (Index(None, "channel_id", "id"),)

    id: str = Field(primary_key=True)
    notification_id: str = Field(foreign_key="notifications.id", ondelete="CASCADE", index=True)
    channel_id: str = Field(foreign_key="channels.id", ondelete="CASCADE")
    attempt: int
    started_at: float
    duration_s: float | None = None
    ok: bool | None = None
    answer: str | None = None


class ToldAlert(ChatOpsModel, table=True):
    """An alert whose end a channel is to hear of, because it hears of its beginning. ``last_at``
    is when it was last recorded to be told that it fires."""

    __tablename__ = "told_alerts"

    channel_id: str = Field(primary_key=True, foreign_key="channels.id", ondelete="CASCADE")
    alert_id: str = Field(primary_key=True, index=True)
    alert: str
    last_at: float
