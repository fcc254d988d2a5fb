"""More messages between agent and hub, as those of chatops.protocol.messages: feeds that have
nothing to do with the container engine."""

from __future__ import annotations

from typing import Any

from msgspec import field

from chatops.protocol.messages import Message, StreamOpen


class FeedRequest(Message, tag="feed"):
    """Begin a feed: ``source`` is ``file`` or ``unit``, ``args`` are those of
    chatops.protocol.log_feeds, ``streams`` are as in ``docker_command``. Only for agents with that
    feature."""

    id: str
    source: str
    args: dict[str, Any] = field(default_factory=dict)
    streams: list[StreamOpen] = field(default_factory=list)


class FeedResponse(Message, tag="feed_response"):
    """The answer to a ``feed``: ``data`` when it has begun, else ``code`` and ``error``."""

    id: str
    ok: bool
    data: Any = None
    code: str | None = None
    error: str | None = None
