"""Clients that watch some values of many servers at once, over one socket each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from chatops.protocol.client_messages import AlertEvent, Values, ValuesEvent
from chatops.protocol.codec import encode
from chatops.protocol.metric_names import Metric, parse_metric, value_of
from chatops.protocol.metrics import Sample
from chatops.protocol.rest import Alert
from chatops.server.services.places import Places
from chatops.server.services.selections import Selecting, Selections
from chatops.server.services.subscriber import Tally
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
class FleetWatcher(Selecting):
    """With ``alerts`` it hears of those of its servers too."""

    wanted: Wanted = Wanted((), ())
    alerts: bool = False


class FleetWatchers(Selections[FleetWatcher]):
    """All of them."""

    def __init__(self, places: Places, tally: Tally) -> None:
        super().__init__(places)
        self._tally = tally

    def broadcast(self, server_id: str, name: str, ts: float, sample: Sample) -> None:
        """Pass the values of a committed sample on to those who watch the server."""
        texts: dict[tuple[str, ...], str] = {}
        for one in self.of(server_id):
            wanted = one.wanted
            if wanted.names not in texts:
                values = wanted.of_sample(sample)
                data = Values(server_id, name, format_time(ts), values)
                texts[wanted.names] = encode(ValuesEvent(data=data))
            self._tally.count(one.post(texts[wanted.names]))

    def broadcast_alert(self, server_id: str, alert: Alert) -> None:
        """Pass on what became of a server's alert to those who asked for that."""
        told = [one for one in self.of(server_id) if one.alerts]
        text = encode(AlertEvent(data=alert)) if told else ""
        for one in told:
            self._tally.count(one.post(text))
