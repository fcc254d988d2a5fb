"""METRIC names (``cpu``, ``disk:/var``, ``net.rx:eth0`` …) and their values in a sample.

The one place that knows them: history, thresholds, plots and docs derive from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from chatops.errors import InvalidInput
from chatops.protocol.metrics import Container, Sample

Pick = Callable[[Any], float | None]
Total = Callable[[list[float]], float]


@dataclass(frozen=True, slots=True)
class Listed:
    """Where the instances of a metric stand: a list of the sample, and the field of its entries
    that names them. ``left_out`` is an instance that no total counts."""

    field: str
    instance: str
    left_out: str | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """One METRIC name. ``path`` leads to its value in the sample, or in an entry of the list where
    its instances stand; without one ``rule`` computes it from such an entry, or else the hub itself
    measures it. ``total`` says how the name without an instance sums its instances; without one
    the name needs an instance. ``decimals`` are those that the hub keeps, None for all of them.
    No value is beyond ``least`` and ``most``; None where there is no such edge."""

    name: str
    unit: str
    help: str
    path: str
    decimals: int | None = 0
    listed: Listed | None = None
    total: Total | None = None
    rule: Pick | None = None
    least: float | None = 0.0
    most: float | None = None
    pick: Pick = field(init=False)
    _named: Callable[[Any], tuple[str, float | None]] = field(init=False)
    """The name of an entry and its value, where it has one: in one call, as each sample asks."""

    def __post_init__(self) -> None:
        pick = self.rule or _picker(self.path)
        object.__setattr__(self, "pick", pick)
        if self.listed is not None:
            named = _named_picker(self.listed.instance, self.path, pick)
            object.__setattr__(self, "_named", named)

    @property
    def instance(self) -> str | None:
        """What its instances are: mount, device, interface, sensor; None if it has none."""
        return self.listed.instance if self.listed else None

    @property
    def needs_instance(self) -> bool:
        """Whether the name alone says nothing."""
        return self.listed is not None and self.total is None

    def instances(self, sample: Sample) -> dict[str, float | None]:
        """The value of each instance. Of two with one name the last hides the first, as in the
        kernel; one without a name does not count."""
        assert self.listed is not None
        found = dict(map(self._named, getattr(sample, self.listed.field)))
        found.pop("", None)
        return found


def _picker(path: str) -> Pick:
    """What ``path`` leads to: fields with dots between them, or ``FIELD[NUMBER]`` of a list."""
    name, bracket, number = path.partition("[")
    if not path:
        return lambda _: None
    if not bracket:
        return attrgetter(path)
    get, index = attrgetter(name), int(number.rstrip("]"))
    return lambda sample: get(sample)[index] if len(get(sample)) > index else None


def _named_picker(label: str, path: str, pick: Pick) -> Callable[[Any], tuple[str, float | None]]:
    if path:
        return attrgetter(label, path)
    return lambda entry: (getattr(entry, label), pick(entry))


_MOUNT: Final = Listed("disks", "mount")
_DEVICE: Final = Listed("disk_io", "device")
_INTERFACE: Final = Listed("network", "interface")
LOOPBACK: Final = "lo"
_REAL_INTERFACE: Final = Listed("network", "interface", left_out=LOOPBACK)
_SENSOR: Final = Listed("temperatures", "sensor")
_CONTAINER: Final = Listed("containers", "name")
_CUSTOM: Final = Listed("custom", "name")

_LISTS: Final = (_MOUNT, _DEVICE, _INTERFACE, _REAL_INTERFACE, _SENSOR, _CONTAINER, _CUSTOM)

RUNNING: Final = "running"
UNHEALTHY: Final = "unhealthy"


def container_trouble(container: Container) -> float | None:
    """``container.state``: 0 while it runs and is not unhealthy, else 1; None if nobody knows."""
    if not container.state:
        return None
    return float(container.state != RUNNING or container.health == UNHEALTHY)


_WHOLE: Final = 100.0

_ALL: Final[tuple[Metric, ...]] = (
    Metric("cpu", "%", "use of all cores together", "cpu.percent", 2, most=_WHOLE),
    Metric("cpu.iowait", "%", "time waiting for disks", "cpu.iowait", 2, most=_WHOLE),
    Metric("cpu.steal", "%", "time taken by other guests", "cpu.steal", 2, most=_WHOLE),
    Metric("load1", "", "load average over 1 minute", "load[0]", 2),
    Metric("load5", "", "load average over 5 minutes", "load[1]", 2),
    Metric("load15", "", "load average over 15 minutes", "load[2]", 2),
    Metric("memory", "%", "main memory in use", "memory.percent", 2, most=_WHOLE),
    Metric("memory.available", "B", "main memory to be had", "memory.available"),
    Metric("swap", "%", "swap space in use", "swap.percent", 2, most=_WHOLE),
    Metric(
        "disk", "%", "file system in use; without a mount the fullest",
        "percent", 2, _MOUNT, max, most=_WHOLE,
    ),
    Metric(
        "disk.free", "B", "free bytes; without a mount the least", "free", 0, _MOUNT, min
    ),
    Metric(
        "disk.inodes", "%", "inodes in use; without a mount the fullest",
        "inodes_percent", 2, _MOUNT, max, most=_WHOLE,
    ),
    Metric(
        "disk.read", "B/s", "read rate; without a device of all",
        "read_bps", 0, _DEVICE, sum,
    ),
    Metric(
        "disk.write", "B/s", "write rate; without a device of all",
        "write_bps", 0, _DEVICE, sum,
    ),
    Metric(
        "net.rx", "B/s", "receive rate; without an interface of all but loopback",
        "rx_bps", 0, _REAL_INTERFACE, sum,
    ),
    Metric(
        "net.tx", "B/s", "send rate; without an interface of all but loopback",
        "tx_bps", 0, _REAL_INTERFACE, sum,
    ),
    Metric(
        "net.errors", "/s", "errors; without an interface of all",
        "errors_ps", 2, _INTERFACE, sum,
    ),
    Metric(
        "temp", "°C", "temperature; without a sensor the highest",
        "celsius", 1, _SENSOR, max, least=None,
    ),
    Metric("uptime", "s", "time since the host started", "uptime_s", 2),
    Metric("processes", "", "number of processes", "process_count"),
    Metric("units.failed", "", "systemd units that have failed", "units.failed"),
    Metric("containers", "", "number of containers", "container_count"),
    Metric(
        "container.cpu", "%", "per cent of one core; without a name of all",
        "cpu_percent", 2, _CONTAINER, sum,
    ),
    Metric(
        "container.memory", "B", "memory; without a name of all", "memory", 0, _CONTAINER, sum
    ),
    Metric(
        "container.state", "", "0: it runs and is not unhealthy, else 1; without a name the worst",
        "", 0, _CONTAINER, max, container_trouble, most=1.0,
    ),
    Metric("offline", "s", "time since the agent was last heard, 0 while it is connected", "", 0),
    Metric(
        "clock.skew", "s", "how far the host's clock is ahead of the hub's",
        "", 3, least=None,
    ),
    Metric(
        "agent.cpu", "%", "per cent of one core that the agent takes", "agent.cpu_percent", 3
    ),
    Metric("agent.rss", "B", "memory that the agent takes", "agent.rss"),
    Metric(
        "custom", "", "a value of the host's own textfile folder",
        "value", None, _CUSTOM, least=None,
    ),
)  # fmt: skip

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Every METRIC that a sample can answer, by name."""


def parse_metric(text: str) -> tuple[Metric, str]:
    """The metric and instance (or "") that ``NAME`` or ``NAME:INSTANCE`` names.

    Raises:
        InvalidInput: no such metric, one that has no instances, or one that needs one.
    """
    name, colon, instance = text.partition(":")
    metric = METRICS.get(name)
    if metric is None:
        raise InvalidInput(
            f"there is no metric {text[:80]!r}", hint="known are " + ", ".join(METRICS)
        )
    if metric.needs_instance and not instance:
        raise InvalidInput(
            f"the metric {name} is written with a {metric.instance}",
            hint=f"write {name}:{str(metric.instance).upper()}",
        )
    if colon and (metric.instance is None or not instance):
        raise InvalidInput(f"the metric {name} is not written with an instance like {text[:80]!r}")
    return metric, instance


def value_of(sample: Sample, metric: Metric, instance: str = "") -> float | None:
    """The value of a metric in one sample; None when it was not measured."""
    if metric.listed is None:
        return None if instance else metric.pick(sample)
    values = metric.instances(sample)
    return values.get(instance) if instance else _total(metric, values)


def all_values(sample: Sample) -> Iterator[tuple[str, float]]:
    """Every measured value of a sample under its full METRIC name, instances included."""
    for metric in _ALL:
        if metric.listed is None:
            found: dict[str, float | None] = {metric.name: metric.pick(sample)}
        else:
            values = metric.instances(sample)
            found = {} if metric.total is None else {metric.name: _total(metric, values)}
            found |= {f"{metric.name}:{name}": value for name, value in values.items()}
        for name, value in found.items():
            if value is not None:
                yield name, value


def columns(samples: Sequence[Sample]) -> dict[str, list[float | None]]:
    """``all_values`` of many samples, a list for each name: many times faster when the samples
    list the same instances in the same order, as those of one server mostly do."""
    found: dict[str, list[float | None]] = {}
    sides = {listed: _SideBySide(samples, listed) for listed in _LISTS}
    for metric in _ALL:
        listed, pick = metric.listed, metric.pick
        if listed is None:
            found[metric.name] = list(map(pick, samples))
            continue
        own = sides[listed].columns(pick)
        if metric.total is not None:
            counted = [
                column for name, column in own.items()
                if name != listed.left_out and _has_values(column)
            ]  # fmt: skip
            found[metric.name] = _total_column(metric.total, counted, len(samples))
        found |= {f"{metric.name}:{name}": column for name, column in own.items()}
    return {name: column for name, column in found.items() if _has_values(column)}


def _has_values(column: list[float | None]) -> bool:
    return any(value is not None for value in column)  # mostly the first one says so


class _SideBySide:
    """One of the lists of many samples. ``_alike`` are the entries of each instance, if all samples
    have the same in the same order."""

    def __init__(self, samples: Sequence[Sample], listed: Listed) -> None:
        self._get_name = attrgetter(listed.instance)
        self._lists: list[list[Any]] = list(map(attrgetter(listed.field), samples))
        self._alike = _alike(self._lists, self._get_name)

    def columns(self, pick: Pick) -> dict[str, list[float | None]]:
        """A metric's values by instance."""
        if self._alike is not None:
            return {name: list(map(pick, entries)) for name, entries in self._alike.items()}
        by_name = [{self._get_name(e): pick(e) for e in entries} for entries in self._lists]
        names = dict.fromkeys(name for values in by_name for name in values if name)
        return {name: [values.get(name) for values in by_name] for name in names}


def _alike(
    lists: Sequence[Sequence[Any]], get_name: Callable[[Any], str]
) -> dict[str, list[Any]] | None:
    """The entries at each place, by the name that all there have; None where names differ."""
    width = len(lists[0])
    if any(len(entries) != width for entries in lists):
        return None
    every = list(chain.from_iterable(lists))
    found = {}
    for place in range(width):
        entries = every[place::width]
        name, *others = set(map(get_name, entries))
        if others or name in found:
            return None
        found[name] = entries
    found.pop("", None)
    return found


def _total_column(
    total: Total, counted: list[list[float | None]], length: int
) -> list[float | None]:
    if not counted:
        return [None] * length
    try:
        return list(map(total, zip(*counted, strict=True)))  # type: ignore[arg-type]
    except TypeError:  # there are gaps, which is rare
        rows = zip(*counted, strict=True)
        known = ([value for value in row if value is not None] for row in rows)
        return [total(values) if values else None for values in known]


def _total(metric: Metric, values: dict[str, float | None]) -> float | None:
    assert metric.listed is not None
    if metric.total is None:
        return None
    left_out = metric.listed.left_out
    known = [v for name, v in values.items() if v is not None and name != left_out]
    return metric.total(known) if known else None
