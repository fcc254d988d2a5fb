"""METRIC names (``cpu``, ``disk:/var``, ``net.rx:eth0`` …) and their values in a sample.

The one place that knows them: history, thresholds, plots and docs derive from it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from chatops.errors import InvalidInput
from chatops.protocol.metrics import Sample

Values = Iterable[tuple[str, float | None]]
"""Pairs of an instance (mount, device, interface, sensor; "" where there is none) and value."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One METRIC name. ``total`` says how the name without an instance sums its instances."""

    name: str
    unit: str
    help: str
    read: Callable[[Sample], Values]
    instance: str | None = None
    total: Callable[[list[float]], float] | None = None


def _one(pick: Callable[[Sample], float | None]) -> Callable[[Sample], Values]:
    return lambda sample: [("", pick(sample))]


def _load(index: int) -> Callable[[Sample], Values]:
    return lambda sample: [("", sample.load[index] if len(sample.load) > index else None)]


_ALL: Final[tuple[Metric, ...]] = (
    Metric("cpu", "%", "use of all cores together", _one(lambda s: s.cpu.percent)),
    Metric("cpu.iowait", "%", "time waiting for disks", _one(lambda s: s.cpu.iowait)),
    Metric("cpu.steal", "%", "time taken by other guests", _one(lambda s: s.cpu.steal)),
    Metric("load1", "", "load average over 1 minute", _load(0)),
    Metric("load5", "", "load average over 5 minutes", _load(1)),
    Metric("load15", "", "load average over 15 minutes", _load(2)),
    Metric("memory", "%", "main memory in use", _one(lambda s: s.memory.percent)),
    Metric(
        "memory.available", "B", "main memory to be had", _one(lambda s: s.memory.available)
    ),
    Metric("swap", "%", "swap space in use", _one(lambda s: s.swap.percent)),
    Metric(
        "disk", "%", "file system in use; without a mount the fullest",
        lambda s: ((d.mount, d.percent) for d in s.disks), "mount", max,
    ),
    Metric(
        "disk.free", "B", "free bytes; without a mount the least",
        lambda s: ((d.mount, d.free) for d in s.disks), "mount", min,
    ),
    Metric(
        "disk.inodes", "%", "inodes in use; without a mount the fullest",
        lambda s: ((d.mount, d.inodes_percent) for d in s.disks), "mount", max,
    ),
    Metric(
        "disk.read", "B/s", "read rate; without a device of all",
        lambda s: ((d.device, d.read_bps) for d in s.disk_io), "device", sum,
    ),
    Metric(
        "disk.write", "B/s", "write rate; without a device of all",
        lambda s: ((d.device, d.write_bps) for d in s.disk_io), "device", sum,
    ),
    Metric(
        "net.rx", "B/s", "receive rate; without an interface of all but loopback",
        lambda s: ((n.interface, n.rx_bps) for n in s.network), "interface", sum,
    ),
    Metric(
        "net.tx", "B/s", "send rate; without an interface of all but loopback",
        lambda s: ((n.interface, n.tx_bps) for n in s.network), "interface", sum,
    ),
    Metric(
        "net.errors", "/s", "errors; without an interface of all",
        lambda s: ((n.interface, n.errors_ps) for n in s.network), "interface", sum,
    ),
    Metric(
        "temp", "°C", "temperature; without a sensor the highest",
        lambda s: ((t.sensor, t.celsius) for t in s.temperatures), "sensor", max,
    ),
    Metric("uptime", "s", "time since the host started", _one(lambda s: s.uptime_s)),
    Metric("processes", "", "number of processes", _one(lambda s: s.process_count)),
)  # fmt: skip

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Every METRIC that a sample can answer, by name."""

_LOOPBACK: Final = "lo"


def parse_metric(text: str) -> tuple[Metric, str]:
    """The metric and instance (or "") that ``NAME`` or ``NAME:INSTANCE`` names.

    Raises:
        InvalidInput: no such metric, or one that has no instances.
    """
    name, colon, instance = text.partition(":")
    metric = METRICS.get(name)
    if metric is None:
        raise InvalidInput(
            f"there is no metric {text[:80]!r}", hint="known are " + ", ".join(METRICS)
        )
    if colon and (metric.instance is None or not instance):
        raise InvalidInput(f"the metric {name} is not written with an instance like {text[:80]!r}")
    return metric, instance


def value_of(sample: Sample, metric: Metric, instance: str = "") -> float | None:
    """The value of a metric in one sample; None when it was not measured."""
    values = dict(metric.read(sample))
    if instance or metric.total is None:
        return values.get(instance)
    if metric.unit == "B/s" and metric.instance == "interface":
        values.pop(_LOOPBACK, None)
    known = [value for value in values.values() if value is not None]
    return metric.total(known) if known else None


def all_values(sample: Sample) -> Iterator[tuple[str, float]]:
    """Every measured value of a sample under its full METRIC name, instances included.

    Each name comes once: of two mounts in one place the last hides the first, as in the kernel.
    """
    for metric in _ALL:
        if metric.instance is not None:
            total = value_of(sample, metric)
            if total is not None:
                yield metric.name, total
        for instance, value in dict(metric.read(sample)).items():
            if value is not None and bool(instance) == (metric.instance is not None):
                yield (f"{metric.name}:{instance}" if instance else metric.name), value
