"""METRIC names: which there are, how they are read, and what they give in a sample."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatops.errors import InvalidInput
from chatops.protocol.metric_names import METRICS, all_values, columns, parse_metric, value_of
from chatops.protocol.metrics import (
    AgentCost,
    Container,
    Cpu,
    Custom,
    Disk,
    DiskIO,
    Memory,
    Network,
    Sample,
    Swap,
    Temperature,
    Units,
)
from tests.support import strategies

# The METRIC names of the command line's contract.
CONTRACT = [
    "cpu", "cpu.iowait", "cpu.steal", "load1", "load5", "load15",
    "memory", "memory.available", "swap",
    "disk", "disk.free", "disk.inodes", "disk.read", "disk.write",
    "net.rx", "net.tx", "net.errors", "temp", "uptime", "processes", "units.failed",
    "containers", "container.cpu", "container.memory", "container.state", "offline", "clock.skew",
    "agent.cpu", "agent.rss", "custom",
]  # fmt: skip
WITH_INSTANCE = {
    "disk": "mount", "disk.free": "mount", "disk.inodes": "mount",
    "disk.read": "device", "disk.write": "device",
    "net.rx": "interface", "net.tx": "interface", "net.errors": "interface",
    "temp": "sensor",
    "container.cpu": "name", "container.memory": "name", "container.state": "name",
    "custom": "name",
}  # fmt: skip

SAMPLE = Sample(
    cpu=Cpu(percent=12.5, iowait=1.5, steal=0.5),
    load=[0.1, 0.2, 0.3],
    memory=Memory(total=1000, available=400, percent=60.0),
    swap=Swap(percent=3.0),
    disks=[
        Disk(mount="/", percent=50.0, free=700, inodes_percent=9.0),
        Disk(mount="/var", percent=80.0, free=300, inodes_percent=None),
    ],
    disk_io=[DiskIO(device="sda", read_bps=10.0), DiskIO(device="sdb", read_bps=5.0)],
    network=[
        Network(interface="lo", rx_bps=900.0, tx_bps=900.0, errors_ps=1.0),
        Network(interface="eth0", rx_bps=7.0, tx_bps=3.0, errors_ps=0.0),
        Network(interface="eth1", rx_bps=1.0),
    ],
    temperatures=[Temperature("cpu", 40.0), Temperature("board", 35.0)],
    uptime_s=77.0,
    process_count=123,
    units=Units(failed=2, names=["a.service", "b.mount"]),
    container_count=5,
    containers=[
        Container("1", "web", state="running", health="healthy", cpu_percent=20.0, memory=300),
        Container("2", "db", state="running", health="unhealthy", cpu_percent=5.0, memory=50),
        Container("3", "old", state="exited"),
        Container("4", "new", state="running"),
        Container("5", "odd"),
    ],
    custom=[Custom("backup_age", 77.5), Custom('q{a="b"}', 0.001), Custom("void")],
    agent=AgentCost(cpu_percent=0.1, rss=33_000_000),
)


def test_the_names_are_those_of_the_contract() -> None:
    assert list(METRICS) == CONTRACT
    assert {m.name: m.instance for m in METRICS.values() if m.instance} == WITH_INSTANCE


def test_every_metric_says_what_it_is() -> None:
    for name, metric in METRICS.items():
        assert metric.name == name
        assert metric.help
        assert metric.needs_instance == (name == "custom")
        assert (metric.instance is None or metric.needs_instance) == (metric.total is None)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("cpu", 12.5), ("cpu.iowait", 1.5), ("cpu.steal", 0.5),
        ("load1", 0.1), ("load5", 0.2), ("load15", 0.3),
        ("memory", 60.0), ("memory.available", 400), ("swap", 3.0),
        ("disk", 80.0), ("disk:/", 50.0), ("disk:/nowhere", None),
        ("disk.free", 300), ("disk.free:/", 700),
        ("disk.inodes", 9.0), ("disk.inodes:/var", None),
        ("disk.read", 15.0), ("disk.read:sdb", 5.0), ("disk.write", None),
        ("net.rx", 8.0), ("net.rx:lo", 900.0), ("net.tx", 3.0), ("net.tx:eth1", None),
        ("net.errors", 1.0), ("net.errors:eth0", 0.0),
        ("temp", 40.0), ("temp:board", 35.0),
        ("uptime", 77.0), ("processes", 123), ("units.failed", 2),
        ("containers", 5), ("container.cpu", 25.0), ("container.cpu:old", None),
        ("container.memory", 350), ("container.memory:db", 50),
        ("container.state:web", 0.0), ("container.state:db", 1.0), ("container.state:old", 1.0),
        ("container.state:new", 0.0), ("container.state:odd", None), ("container.state", 1.0),
        ("agent.cpu", 0.1), ("agent.rss", 33_000_000), ("offline", None), ("clock.skew", None),
        ("custom:backup_age", 77.5), ('custom:q{a="b"}', 0.001), ("custom:void", None),
    ],
)  # fmt: skip
def test_values(text: str, value: float | None) -> None:
    assert value_of(SAMPLE, *parse_metric(text)) == value


def test_an_empty_sample_has_no_values() -> None:
    assert list(all_values(Sample())) == []
    assert all(value_of(Sample(), metric) is None for metric in METRICS.values())


@pytest.mark.parametrize(
    "text",
    ["", "CPU", "cpu ", "nonsense", "cpu:0", "cpu:", "disk:", ":x", "load1:x", "disk.x:/",
     "custom", "custom:", "offline:x"],
)  # fmt: skip
def test_what_is_no_metric_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_metric(text)


def test_an_instance_may_hold_colons() -> None:
    assert parse_metric("disk:/mnt/a:b")[1] == "/mnt/a:b"


def test_what_needs_an_instance_says_so() -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_metric("custom")
    assert caught.value.hint == "write custom:NAME"


def test_all_values_of_a_sample() -> None:
    values = dict(all_values(SAMPLE))
    assert values["disk"] == 80.0
    assert values["disk:/"] == 50.0
    assert values["net.rx:lo"] == 900.0
    assert "disk.write" not in values
    assert "disk.inodes:/var" not in values


@given(strategies.of(Sample))
def test_all_values_are_what_value_of_gives_and_each_name_comes_once(sample: Sample) -> None:
    values = list(all_values(sample))
    assert len({name for name, _ in values}) == len(values)
    for name, value in values:
        again = value_of(sample, *parse_metric(name))
        assert again == value or (again is not None and math.isinf(again) and math.isinf(value))


@given(strategies.of(Sample))
def test_every_value_that_can_be_asked_for_is_among_them(sample: Sample) -> None:
    values = dict(all_values(sample))
    for metric in METRICS.values():
        value = value_of(sample, metric)
        assert value is None or not metric.needs_instance
        assert (metric.name in values) == (value is not None)


@given(st.lists(strategies.of(Sample), min_size=1, max_size=5), st.integers(1, 3))
def test_columns_are_the_values_of_each_sample(different: list[Sample], alike: int) -> None:
    for taken in (different, different[:1] * alike, different[:1] * alike + different[1:]):
        found = columns(taken)
        for number, sample in enumerate(taken):
            own = {name: column[number] for name, column in found.items()}
            assert {n: v for n, v in own.items() if v is not None} == dict(all_values(sample))
        assert all(any(v is not None for v in column) for column in found.values())
