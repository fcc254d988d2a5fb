"""Channels, and what came of what they were to be told."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from chatops.protocol.limits import MAX_CHANNEL_SECRET, MAX_CHANNEL_URL
from chatops.protocol.rest.alerts import Severity, TargetText
from chatops.protocol.rest.common import Name, Request, Timestamp

MessageEvent = Literal["firing", "resolved", "reminder", "test"]


class Channel(Struct, kw_only=True):
    """Where alerts of ``severity`` or worse, of the servers of ``target``, are told. ``url`` is
    what may be shown of it, ``last_result`` what came of the newest attempt."""

    id: str
    name: str
    url: str
    severity: Severity
    target: str
    last_result: str | None


class ChannelDetail(Channel, kw_only=True):
    """A channel in full. ``waiting`` are the messages that are not delivered yet; ``signed``: it
    has a secret."""

    remind_s: float | None
    signed: bool
    waiting: int
    last_result_at: Timestamp | None
    created_at: Timestamp
    created_by: str | None


class ChannelCreate(Request):
    """``remind_s``: tell again so often while an alert fires and nobody has acknowledged it.
    ``secret`` signs the bodies of a webhook, ``insecure`` lets it be plain HTTP to another
    machine."""

    name: Name
    url: Annotated[str, Meta(min_length=1, max_length=MAX_CHANNEL_URL)]
    severity: Severity = "info"
    target: TargetText = "all"
    remind_s: Annotated[float, Meta(ge=1, le=366 * 86_400)] | None = None
    secret: Annotated[str, Meta(min_length=1, max_length=MAX_CHANNEL_SECRET)] | None = None
    insecure: bool = False


class Delivery(Struct, kw_only=True):
    """An attempt to deliver a message that tells of so many alerts. All attempts at a message have
    its ``message_id``. ``ok`` null: it is under way, or the hub was killed in it."""

    id: str
    ts: Timestamp
    message_id: str
    event: MessageEvent
    alerts: int
    attempt: int
    ok: bool | None
    answer: str | None
    duration_ms: int | None
