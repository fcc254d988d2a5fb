"""Interfaces of this host: loopback moves when something is sent over it."""

from __future__ import annotations

import socket

from chatops.agent.collectors.network import NetworkCollector
from chatops.protocol.metrics import Network
from tests.support.waiting import until


def loopback(found: list[Network]) -> Network:
    return next(one for one in found if one.interface == "lo")


def test_loopback_is_listed_at_once_and_has_rates_later() -> None:
    collector = NetworkCollector()
    assert loopback(collector()).rx_bps is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"x" * 1000, ("127.0.0.1", 9))
    found = until(lambda: (one := loopback(collector())).rx_bps is not None and one)
    assert found.rx_bps is not None
    assert found.rx_bps >= 0
    assert found.errors_ps is not None


def test_ends_of_containers_links_are_left_out() -> None:
    assert not any(one.interface.startswith("veth") for one in NetworkCollector()())
