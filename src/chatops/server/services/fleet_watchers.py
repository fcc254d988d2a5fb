"""Clients that watch some values of many servers at once, over one socket each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from chatops.protocol import closing
from chatops.protocol.client_messages import AlertEvent, Values, ValuesEvent
from chatops.protocol.codec import encode
from chatops.protocol.metric_names import Metric, parse_metric, value_of
from chatops.protocol.metrics import Sample
from chatops.protocol.rest import Alert
from chatops.server.services.losses import Loss
from chatops.server.services.places import Places
from chatops.server.services.subscriber import Subscriber, Tally
from chatops.units import format_time


@dataclass(frozen=True, slots=True)
class Wanted:
    """METRICs as they were named, and what each means."""

    names: tuple[str, ...]
    metrics: tuple[tuple[Metric, str], ...]

    @classmethod
    def of(cls, names: Sequence[str]) -> Wanted:
        """What these METRIC names ask for.

        Raises:
            InvalidInput: there is no such metric.
        """
        return cls(tuple(names), tuple(parse_metric(name) for name in names))

    def of_sample(self, sample: Sample) -> dict[str, float]:
        """Their values, as far as they were measured."""
        found = (
            (name, value_of(sample, metric, instance))
            for name, (metric, instance) in zip(self.names, self.metrics, strict=True)
        )
        return {name: value for name, value in found if value is not None}


@dataclass(eq=False)
class FleetWatcher(Subscriber):
    """``server_ids`` are those that its TARGET means now, and that it may see; with ``alerts`` it
    hears of theirs too."""

    wanted: Wanted = Wanted((), ())
    alerts: bool = False
    server_ids: frozenset[str] = frozenset()


class FleetWatchers:
    """All of them; each has one of the ``places`` of its account, however many servers it watches.
    A server that it may not see any more is dropped from it, and it is closed only when its
    account or token has ended."""

    def __init__(self, places: Places, tally: Tally) -> None:
        self._places = places
        self._tally = tally
        self._all: dict[FleetWatcher, None] = {}

    def add(self, watcher: FleetWatcher) -> None:
        """One more.

        Raises:
            TooManyRequests, Busy: the account has too many subscriptions, or all together.
        """
        self._places.take(watcher.holder.user_id)
        self._all[watcher] = None

    def remove(self, watcher: FleetWatcher) -> None:
        """One less."""
        del self._all[watcher]
        self._places.leave(watcher.holder.user_id)

    def watches(self, server_id: str) -> bool:
        """Whether anybody watches the server."""
        return any(server_id in one.server_ids for one in self._all)

    def broadcast(self, server_id: str, name: str, ts: float, sample: Sample) -> None:
        """Pass the values of a committed sample on to those who watch the server."""
        texts: dict[tuple[str, ...], str] = {}
        for one in [one for one in self._all if server_id in one.server_ids]:
            wanted = one.wanted
            if wanted.names not in texts:
                values = wanted.of_sample(sample)
                data = Values(server_id, name, format_time(ts), values)
                texts[wanted.names] = encode(ValuesEvent(data=data))
            self._tally.count(one.post(texts[wanted.names]))

    def broadcast_alert(self, server_id: str, alert: Alert) -> None:
        """Pass on what became of a server's alert to those who asked for that."""
        told = [one for one in self._all if one.alerts and server_id in one.server_ids]
        text = encode(AlertEvent(data=alert)) if told else ""
        for one in told:
            self._tally.count(one.post(text))

    def end(self, loss: Loss, reason: closing.CloseReason) -> None:
        """Rights were taken back."""
        for one in [one for one in self._all if loss.meets(one.holder, one.server_ids)]:
            if loss.server_id is None:
                one.connection.close(reason)
            else:
                self._drop(one, (loss.server_id,))

    def forget(self, server_id: str) -> None:
        """A server is gone."""
        for one in self._all:
            self._drop(one, (server_id,))

    def close(self) -> None:
        """Tell everybody that the hub stops."""
        for one in list(self._all):
            one.connection.close(closing.HUB_STOPPING)

    def _drop(self, watcher: FleetWatcher, server_ids: Collection[str]) -> None:
        watcher.server_ids -= frozenset(server_ids)
