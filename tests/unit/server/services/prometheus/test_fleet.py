"""Names and values of the fleet's families."""

from __future__ import annotations

import re

import msgspec
import pytest
from hypothesis import given
from prometheus_client.parser import text_string_to_metric_families

from chatops.protocol.metric_names import METRICS
from chatops.protocol.metrics import Cpu, Disk, Network, Sample
from chatops.protocol.target import Facts
from chatops.server.services.metrics.newest import Newest
from chatops.server.services.prometheus.fleet import MEASURED, FleetText, family_name, new_families
from tests.support.strategies import of


def read(text: FleetText) -> dict[str, dict[tuple[str, ...], float]]:
    """The values by family and labels (the server is left out)."""
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families("".join(text.parts())):
        rows = [
            (tuple(v for name, v in one.labels.items() if name != "server"), float(one.value))
            for one in family.samples
        ]
        found[family.name] = dict(rows)
        assert len(found[family.name]) == len(rows), "a series twice"
    return found


def measured(sample: Sample, skew: float | None = None) -> dict[str, dict[tuple[str, ...], float]]:
    """What the text says of one sample."""
    text = FleetText()
    text.measured("web-1", Newest(1_700_000_000.25, skew, msgspec.json.encode(sample)))
    return read(text)


@pytest.mark.parametrize(
    ("metric", "name"),
    [
        ("cpu", "chatops_server_cpu_ratio"),
        ("cpu.iowait", "chatops_server_cpu_iowait_ratio"),
        ("load1", "chatops_server_load1"),
        ("memory.available", "chatops_server_memory_available_bytes"),
        ("disk.free", "chatops_server_disk_free_bytes"),
        ("disk.read", "chatops_server_disk_read_bytes_per_second"),
        ("net.errors", "chatops_server_net_errors_per_second"),
        ("temp", "chatops_server_temp_celsius"),
        ("clock.skew", "chatops_server_clock_skew_seconds"),
    ],
)
def test_names_follow_from_the_metric_names(metric: str, name: str) -> None:
    assert family_name(METRICS[metric]) == name


def test_every_metric_has_a_name_of_its_own_that_prometheus_takes() -> None:
    names = [family.name for family in new_families().values()]
    assert len(names) == len(set(names)) == len(METRICS) - 1
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


def test_values_have_base_units_and_instances_are_labels() -> None:
    sample = Sample(
        cpu=Cpu(percent=12.5),
        load=[0.5],
        disks=[Disk("/", percent=70.0, free=3), Disk("/var", percent=None, free=4)],
        network=[Network("lo", rx_bps=1.0), Network("eth0", rx_bps=2.5)],
    )
    found = measured(sample, skew=-0.5)
    assert found["chatops_server_cpu_ratio"] == {(): 0.125}
    assert found["chatops_server_load1"] == {(): 0.5}
    assert found["chatops_server_disk_ratio"] == {("/",): 0.7}
    assert found["chatops_server_disk_free_bytes"] == {("/",): 3, ("/var",): 4}
    assert found["chatops_server_net_rx_bytes_per_second"] == {("lo",): 1, ("eth0",): 2.5}
    assert found["chatops_server_clock_skew_seconds"] == {(): -0.5}
    assert found["chatops_server_sample_timestamp_seconds"] == {(): 1_700_000_000.25}
    assert "chatops_server_load5" not in found


def test_a_server_has_its_tags_and_whether_it_is_up() -> None:
    text = FleetText()
    text.add(Facts("id-1", "web-1", {"role": 'a"b', "env": "prod"}), online=False)
    found = read(text)
    assert found["chatops_server_up"] == {(): 0}
    assert found["chatops_server_info"] == {("id-1", 'env=prod,role=a"b'): 1}


@given(of(Sample))
def test_every_value_of_any_sample_is_there_once(sample: Sample) -> None:
    found = measured(sample)
    want: dict[str, dict[tuple[str, ...], float]] = {}
    for name, metric in MEASURED.items():
        if metric.listed is None:
            value = metric.pick(sample)
            values: dict[tuple[str, ...], float | None] = {(): value}
        else:
            values = {(own,): value for own, value in metric.instances(sample).items()}
        scale = 100 if metric.unit == "%" else 1
        known = {own: value / scale for own, value in values.items() if value is not None}
        if known:
            want[family_name(METRICS[name])] = known
    found.pop("chatops_server_sample_timestamp_seconds")
    spool = found.pop("chatops_server_agent_spool_bytes", {}).get(())
    assert spool == (None if (held := sample.agent.spool_bytes) is None else float(held))
    assert found == want
