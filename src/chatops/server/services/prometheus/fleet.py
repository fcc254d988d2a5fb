"""Each server's latest sample as Prometheus' families. Names follow from the METRIC names.

``disk.free`` in bytes becomes ``chatops_server_disk_free_bytes``, with the instance as a label
(``mount``); per cents become ratios. A name without its instance is left out where there are
instances: Prometheus sums, and finds the fullest, by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from chatops.protocol.metric_names import METRICS, Metric
from chatops.protocol.metrics import Sample
from chatops.protocol.target import Facts
from chatops.server.services.metrics.newest import Newest, decode
from chatops.server.services.prometheus.lines import Family, label

PREFIX: Final = "chatops_server_"
UNITS: Final[Mapping[str, str]] = {
    "%": "_ratio",
    "B": "_bytes",
    "B/s": "_bytes_per_second",
    "/s": "_per_second",
    "s": "_seconds",
    "°C": "_celsius",
    "": "",
}
"""What a name ends in, by the METRIC's unit."""
_List = tuple[str, str]
"""A list of the sample, and the field that names its entries."""
_SKEW: Final = METRICS["clock.skew"]
MEASURED: Final = {name: one for name, one in METRICS.items() if name != "offline"}
"""The METRICs that become families; ``chatops_server_up`` says which servers are offline."""


def family_name(metric: Metric) -> str:
    """What a METRIC is called in Prometheus."""
    return PREFIX + metric.name.replace(".", "_") + UNITS[metric.unit]


def new_families() -> dict[str, Family]:
    """Empty families of all METRICs, by the METRIC's name."""
    return {name: Family(family_name(metric), _help(metric)) for name, metric in MEASURED.items()}


def _help(metric: Metric) -> str:
    """The METRIC's own words, without what they say of the name without an instance."""
    text = metric.help.partition(";")[0]
    return text[0].upper() + text[1:] + (", as a ratio." if metric.unit == "%" else ".")


class FleetText:
    """Collects servers, then gives their text. A hostile name is escaped once, however often it
    comes."""

    def __init__(self) -> None:
        self._info = Family(PREFIX + "info", "What a server is: its id and tags.")
        self._up = Family(PREFIX + "up", "Whether the server's agent is connected.")
        self._at = Family(
            PREFIX + "sample_timestamp_seconds", "When the sample was taken that the values are of."
        )
        self._spool = Family(
            PREFIX + "agent_spool_bytes",
            "What the agent's spool holds that the hub had not acked, about.",
        )
        self._families = new_families()
        found = [_Wanted(one, self._families[name]) for name, one in MEASURED.items()]
        self._single = [one for one in found if one.metric.listed is None]
        self._lists = _by_list(one for one in found if one.metric.listed is not None)
        self._labels: dict[tuple[str, str], str] = {}

    def add(self, server: Facts, *, online: bool) -> None:
        """A server; its values come with ``measured``."""
        name = label("server", server.name)
        self._up.add(name, int(online))
        tags = ",".join(f"{key}={value}" for key, value in sorted(server.tags.items()))
        self._info.add(f"{name},{label('id', server.id)},{label('tags', tags)}", 1)

    def measured(self, name: str, newest: Newest) -> None:
        """What the server of that name measured last."""
        server = label("server", name)
        self._at.add(server, newest.ts)
        sample = decode(newest.sample)
        if sample.agent.spool_bytes is not None:
            self._spool.add(server, sample.agent.spool_bytes)
        for one in self._single:
            value = newest.skew if one.metric is _SKEW else one.metric.pick(sample)
            if value is not None:
                one.family.add(server, value / one.divisor)
        for listed, wanted in self._lists.items():
            self._add_instances(listed, wanted, server, sample)

    def parts(self) -> list[str]:
        """The text, a part a family."""
        own = (self._info, self._up, self._at, self._spool)
        return [one.text() for one in (*own, *self._families.values())]

    def _add_instances(
        self, listed: _List, wanted: Sequence[_Wanted], server: str, sample: Sample
    ) -> None:
        """As Metric.instances, for all METRICs of one list together."""
        field, name_of = listed
        entries = {getattr(entry, name_of): entry for entry in getattr(sample, field)}
        entries.pop("", None)
        for instance, entry in entries.items():
            labels = f"{server},{self._label(name_of, instance)}"
            for one in wanted:
                value = one.pick(entry)
                if value is not None:
                    one.family.add(labels, value / one.divisor)

    def _label(self, name: str, value: str) -> str:
        known = self._labels.get((name, value))
        if known is None:
            known = self._labels[name, value] = label(name, value)
        return known


class _Wanted:
    """A METRIC, and where its values go."""

    __slots__ = ("divisor", "family", "metric", "pick")

    def __init__(self, metric: Metric, family: Family) -> None:
        self.metric = metric
        self.family = family
        self.pick = metric.pick
        self.divisor = 100 if metric.unit == "%" else 1


def _by_list(wanted: Iterable[_Wanted]) -> dict[_List, list[_Wanted]]:
    found: dict[_List, list[_Wanted]] = {}
    for one in wanted:
        assert one.metric.listed is not None
        listed = one.metric.listed
        found.setdefault((listed.field, listed.instance), []).append(one)
    return found
