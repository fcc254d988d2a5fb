"""Traffic of network interfaces, loopback among them.

The host's ends of containers' links (veth…) are left out: their traffic passes a bridge
that is listed, and there can be thousands of them, each gone with its container.
"""

from __future__ import annotations

import time

import psutil

from chatops.agent.collectors.labels import clean
from chatops.agent.collectors.rates import Rates
from chatops.protocol.metrics import Network


class NetworkCollector:
    """Rates since the last call; on the first call the interfaces only."""

    def __init__(self) -> None:
        self._rates = Rates()

    def __call__(self) -> list[Network]:
        counters = {
            name: (io.bytes_recv, io.bytes_sent, io.packets_recv, io.packets_sent,
                   io.errin + io.errout)
            for name, io in psutil.net_io_counters(pernic=True, nowrap=False).items()
            if not name.startswith("veth")
        }  # fmt: skip
        rates = self._rates.update(time.monotonic(), counters)
        return [Network(clean(name), *values) for name, values in rates.items()]
