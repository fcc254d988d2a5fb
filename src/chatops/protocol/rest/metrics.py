"""Samples and their history."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

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

T = TypeVar("T")


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
    clock_skew: float | None = None


class HistoryRow(Struct, kw_only=True):
    """``value`` is the mean of the step; of a raw sample all three are the same."""

    ts: Timestamp
    metric: str
    value: float
    min: float
    max: float


class ServerHistoryRow(Struct, kw_only=True):
    """The same where rows are of several servers."""

    server: str
    ts: Timestamp
    metric: str
    value: float
    min: float
    max: float


class HistoryGap(Struct, kw_only=True):
    """``samples`` that were taken between two times, and lost: there is no way to get them back.
    ``reason``: ``full`` or ``damaged``, of the agent's spool."""

    server: str
    since: Timestamp
    until: Timestamp
    samples: int
    reason: str


class HistoryPage(Struct, Generic[T], kw_only=True):
    """One page of a history. ``step`` is the seconds that a row stands for, null for raw samples;
    it may be longer than what was asked for, where nothing finer is kept. ``gaps`` are those of
    the whole span."""

    items: list[T]
    next: str | None = None
    step: float | None = None
    gaps: list[HistoryGap] = []
