"""Some values of many servers and their alerts, live, over one connection."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from chatops.client.channel import Channel, Lost, opened, renew
from chatops.client.session import Session
from chatops.clock import SystemClock
from chatops.errors import HubUnreachable, NotSignedIn
from chatops.protocol.client_messages import (
    AlertEvent,
    ClientAuthSuccess,
    Values,
    ValuesEvent,
    Watch,
    to_client,
)
from chatops.protocol.rest import Alert


class LiveValues:
    """One subscription to the values of all servers that a TARGET means (see Metrics.values)."""

    def __init__(
        self,
        session: Session,
        target: str,
        metrics: Sequence[str],
        on_alert: Callable[[Alert], None] | None = None,
    ) -> None:
        self._session = session
        self._watch = Watch(target=target, metrics=list(metrics), alerts=on_alert is not None)
        self._on_alert = on_alert
        self._codec = to_client()  # made in this thread: see chatops.client.sockets
        self._channel: Channel | None = None
        self._closed = False

    def follow(self, on_open: Callable[[str | None], None]) -> Generator[Values, None, None]:
        """What the hub sends, until the connection is lost or closed. ``on_open`` is told the
        hub's time when the subscription stands.

        Raises:
            HubUnreachable: the connection is lost; another ``follow`` makes a new one.
            NotSignedIn: the token is not good, and there is no fresh one.
        """
        renewed = False
        while not self._closed:
            try:
                for message in self._messages():
                    renewed = False
                    if isinstance(message, Values):
                        yield message
                    else:
                        on_open(message.time)
            except NotSignedIn:
                if renewed or not renew(self._session):
                    raise
                renewed = True
            except Lost as error:
                if not self._closed:
                    raise self._gone(error) from None

    def close(self) -> None:
        """End it; any thread may."""
        self._closed = True
        if self._channel is not None:
            self._channel.close()

    def _messages(self) -> Generator[Values | ClientAuthSuccess, None, None]:
        with opened(self._session, "/metrics", SystemClock(), self._codec) as channel:
            self._channel = channel
            for message in channel.messages():
                if self._closed:
                    return
                if isinstance(message, ClientAuthSuccess):
                    channel.send(self._watch)
                    yield message
                elif isinstance(message, ValuesEvent):
                    yield message.data
                elif isinstance(message, AlertEvent) and self._on_alert is not None:
                    self._on_alert(message.data)
        raise Lost("the hub ended the subscription")

    def _gone(self, error: Lost) -> HubUnreachable:
        return HubUnreachable(
            f"no live metrics from the hub at {self._session.address.url}: {error}",
            hint="`chatops status` tells whether the hub is there",
        )
