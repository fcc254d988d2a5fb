"""Channels: where alerts are told (admin only)."""

from __future__ import annotations

from collections.abc import Iterator

from chatops.client.session import Session, segment
from chatops.protocol.rest import (
    Channel,
    ChannelCreate,
    ChannelDetail,
    Delivery,
    Page,
    Severity,
)


class Channels:
    """``client.channels``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def list(self, *, limit: int | None = None) -> Iterator[Channel]:
        """All channels, in order of name."""
        return self._session.pages("/channels", Page[Channel], limit=limit)

    def add(
        self,
        name: str,
        url: str,
        *,
        severity: Severity = "info",
        target: str = "all",
        remind_s: float | None = None,
        secret: str | None = None,
        insecure: bool = False,
    ) -> ChannelDetail:
        """Add a channel for alerts of ``severity`` or worse, of the servers of ``target``.

        ``url`` is a webhook (https, or http to the hub's own machine; elsewhere with
        ``insecure``) or a URL of Apprise. A webhook's bodies are signed with ``secret``. Every
        ``remind_s`` seconds an alert is told again that still fires and that nobody acknowledged.

        Raises:
            InvalidInput: the URL, or something else, is of no use.
            NotFound: the target names a server that is not there.
            Conflict: the name is taken.
        """
        body = ChannelCreate(
            name=name, url=url, severity=severity, target=target, remind_s=remind_s,
            secret=secret, insecure=insecure,
        )  # fmt: skip
        return self._session.call("POST", "/channels", ChannelDetail, body=body)

    def get(self, channel: str) -> ChannelDetail:
        """One channel, by name or id."""
        return self._session.call("GET", f"/channels/{segment(channel)}", ChannelDetail)

    def test(self, channel: str) -> Delivery:
        """Send it a test message now; what came of it."""
        return self._session.call("POST", f"/channels/{segment(channel)}/test", Delivery)

    def log(self, channel: str, *, limit: int | None = None) -> Iterator[Delivery]:
        """The attempts to deliver to it, newest first."""
        path = f"/channels/{segment(channel)}/log"
        return self._session.pages(path, Page[Delivery], limit=limit)

    def remove(self, channel: str) -> None:
        """Remove it, with its log and all that it was to be told."""
        self._session.call("DELETE", f"/channels/{segment(channel)}", type(None))
