"""One sample without a hub."""

from __future__ import annotations

from chatops.agent.sample import sample_once


def test_per_cent_and_rates_are_there_at_once() -> None:
    sample = sample_once()
    assert sample.cpu.percent is not None
    assert sample.cpu.per_core
    assert all(one.rx_bps is not None for one in sample.network if one.interface == "lo")
    assert all(one.read_bps is not None for one in sample.disk_io)
    assert sample.missing == {}
