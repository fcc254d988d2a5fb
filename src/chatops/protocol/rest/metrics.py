"""Samples and their history."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from chatops.protocol.metrics import (
    Cpu,
    Disk,
    DiskIO,
    Memory,
    Network,
    Swap,
    Temperature,
)
from chatops.protocol.rest.common import Timestamp


class ServerSample(Struct, kw_only=True):
    """One sample, as ``chatops metrics show -o json`` has it."""

    server: str
    ts: Timestamp
    cpu: Cpu
    load: list[float]
    memory: Memory
    swap: Swap
    disks: list[Disk]
    disk_io: list[DiskIO]
    network: list[Network]
    temperatures: list[Temperature]
    uptime_s: float | None
    process_count: int | None
    containers: list[Any]
    missing: dict[str, str]


class HistoryRow(Struct, kw_only=True):
    """``value`` is the mean of the step; of a raw sample all three are the same."""

    ts: Timestamp
    metric: str
    value: float
    min: float
    max: float
