"""Traffic of block devices.

Whole devices only: a partition's traffic is in its disk's, a stacked device's (LVM, RAID,
multipath) in those of the disks below it, so that their sum is true. Loop, RAM and
compressed-RAM devices move no data of a disk and are left out.
"""

from __future__ import annotations

import time
from pathlib import Path

import psutil

from chatops.agent.collectors.labels import clean
from chatops.agent.collectors.rates import Rates
from chatops.protocol.metrics import DiskIO

_VIRTUAL = ("loop", "ram", "zram")


class DiskIoCollector:
    """Rates since the last call; on the first call the devices only."""

    def __init__(self) -> None:
        self._rates = Rates()
        self._whole: dict[str, bool] = {}

    def __call__(self) -> list[DiskIO]:
        seen = psutil.disk_io_counters(perdisk=True, nowrap=False) or {}
        self._whole = {name: self._is_whole(name) for name in seen}
        counters = {
            name: (io.read_bytes, io.write_bytes, io.read_count, io.write_count)
            for name, io in seen.items()
            if self._whole[name]
        }
        rates = self._rates.update(time.monotonic(), counters)
        return [DiskIO(clean(name), *values) for name, values in rates.items()]

    def _is_whole(self, name: str) -> bool:
        known = self._whole.get(name)
        return is_whole_disk(name) if known is None else known


def is_whole_disk(name: str, blocks: Path = Path("/sys/block")) -> bool:
    """Whether the device is a disk of its own: no partition, not stacked, not virtual."""
    if name.startswith(_VIRTUAL):
        return False
    device = blocks / name.replace("/", "!")  # sysfs writes cciss/c0d0 so
    slaves = device / "slaves"
    return device.is_dir() and not (slaves.is_dir() and any(slaves.iterdir()))
