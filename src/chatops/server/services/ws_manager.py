"""WSManager: who watches the metrics or logs of which server, and how they hear of them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from chatops.protocol import closing
from chatops.protocol.client_messages import AlertEvent, MetricsEvent
from chatops.protocol.codec import encode
from chatops.protocol.limits import MAX_SUBSCRIBERS, MAX_USER_SUBSCRIBERS
from chatops.protocol.rest import Alert, ServerSample
from chatops.server.crud.log_entries import NewLogEntry
from chatops.server.services.access import Holder
from chatops.server.services.connection import Connection
from chatops.server.services.fleet_watchers import FleetWatchers
from chatops.server.services.log_tails import LogTails
from chatops.server.services.losses import Loss
from chatops.server.services.places import Places
from chatops.server.services.subscriber import Subscriber, Tally

ClientType = Literal["metrics"]
_NOBODY: Final = Holder(None)
_log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Subscriber(Subscriber):
    client_type: ClientType = "metrics"


class WSManager:
    """Subscribers by server, those who watch many (``fleets``), and those who follow logs
    (``tails``). A slow one loses events and is told how many, and nobody waits; who follows logs
    reads them at its own pace."""

    def __init__(self, each: int = MAX_USER_SUBSCRIBERS) -> None:
        self._by_server: dict[str, list[_Subscriber]] = defaultdict(list)
        self._tally = Tally()
        self._places = Places(MAX_SUBSCRIBERS, each, "subscriptions", "account")
        self.fleets = FleetWatchers(self._places, self._tally)
        self.tails = LogTails(self._places)

    @property
    def sent(self) -> int:
        """Events so far, to all subscribers."""
        return self._tally.sent

    @property
    def dropped(self) -> int:
        """Events that subscribers were too slow for."""
        return self._tally.dropped

    def connect(
        self,
        websocket: Connection,
        server_id: str,
        client_type: ClientType,
        *,
        holder: Holder = _NOBODY,
    ) -> None:
        """Subscribe a client to one kind of event of one server, by the rights of ``holder``.

        Raises:
            TooManyRequests, Busy: the account has too many subscriptions, or all together.
        """
        self._places.take(holder.user_id)
        self._by_server[server_id].append(_Subscriber(websocket, holder, client_type=client_type))

    def disconnect(self, websocket: Connection, server_id: str) -> None:
        """Forget a client; one that is not known is fine."""
        before = self._by_server.get(server_id, [])
        after = [one for one in before if one.connection is not websocket]
        for one in before:
            if one.connection is websocket:
                self._places.leave(one.holder.user_id)
        if after:
            self._by_server[server_id] = after
        else:
            self._by_server.pop(server_id, None)

    def has_watchers(self, server_id: str) -> bool:
        """Whether anybody watches the server: if not, there is nothing to prepare."""
        return server_id in self._by_server or self.fleets.watches(server_id)

    def broadcast_metrics(self, server_id: str, metrics: ServerSample) -> None:
        """Pass a committed sample on to those who watch the server."""
        listeners = self._listeners(server_id, "metrics")
        if listeners:
            self._send(listeners, encode(MetricsEvent(data=metrics)))

    def broadcast_logs(self, server_id: str, logs: Sequence[NewLogEntry]) -> None:
        """Wake those who follow the server's log: entries were committed for them to read."""
        if self.tails.watches(server_id):
            self.tails.wake(server_id, {entry["level"] for entry in logs})

    def broadcast_alert(self, server_id: str, alert: Alert) -> None:
        """Pass on what became of an alert to those who watch the server, whatever of it."""
        listeners = self._by_server.get(server_id)
        if listeners:
            self._send(list(listeners), encode(AlertEvent(data=alert)))
        self.fleets.broadcast_alert(server_id, alert)
        self.tails.broadcast_alert(server_id, alert)

    def end(self, loss: Loss, reason: closing.CloseReason) -> None:
        """Rights were taken back: end the subscriptions that stood on them."""
        met = [
            one
            for server_id, subscribers in self._by_server.items()
            for one in subscribers
            if loss.meets(one.holder, (server_id,))
        ]
        self._end(met, reason)
        self.fleets.end(loss, reason)
        self.tails.end(loss, reason)

    def end_server(self, server_id: str) -> None:
        """A server is gone: end the subscriptions to it."""
        self._end(list(self._by_server.get(server_id, ())), closing.NOT_FOUND)
        self.fleets.forget(server_id)
        self.tails.forget(server_id)

    def close(self) -> None:
        """Tell every subscriber that the hub stops."""
        self._end(self._all(), closing.HUB_STOPPING)
        self.fleets.close()
        self.tails.close()

    def __len__(self) -> int:
        return len(self._places)

    def _listeners(self, server_id: str, client_type: ClientType) -> list[_Subscriber]:
        subscribers = self._by_server.get(server_id)
        if not subscribers:
            return []
        return [one for one in subscribers if one.client_type == client_type]

    def _send(self, listeners: list[_Subscriber], text: str) -> None:
        for one in listeners:
            self._tally.count(one.post(text))

    def _all(self) -> list[_Subscriber]:
        return [one for subscribers in self._by_server.values() for one in subscribers]

    def _end(self, subscribers: list[_Subscriber], reason: closing.CloseReason) -> None:
        for one in subscribers:
            one.connection.close(reason)
