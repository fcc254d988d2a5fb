"""Samples and their history."""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct, field

from chatops.protocol.metrics import (
    AgentCost,
    Container,
    Cpu,
    Custom,
    Disk,
    DiskIO,
    Memory,
    Network,
    Swap,
    Temperature,
    Units,
)
from chatops.protocol.rest.common import Timestamp

T = TypeVar("T")


class ServerProcess(Struct, kw_only=True):
    """One process, as ``chatops ps -o json`` has it; ``cpu_percent`` is of one core."""

    pid: int
    ppid: int | None
    user: str | None
    name: str
    command: str | None
    cpu_percent: float | None
    memory_percent: float | None
    rss: int | None
    started_at: Timestamp | None


class TopProcesses(Struct, kw_only=True):
    """The processes that took most at the time ``ts``, the largest first."""

    ts: Timestamp
    by_cpu: list[ServerProcess]
    by_memory: list[ServerProcess]


class ServerSample(Struct, kw_only=True):
    """One sample, as ``chatops metrics show -o json`` has it. ``processes`` and the collectors'
    seconds of ``agent`` are the newest that came, which may be half a minute older."""

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
    containers: list[Container]
    missing: dict[str, str]
    clock_skew: float | None = None
    processes: TopProcesses | None = None
    units: Units = field(default_factory=Units)
    container_count: int | None = None
    custom: list[Custom] = []
    agent: AgentCost = field(default_factory=AgentCost)


class HistoryRow(Struct, kw_only=True, gc=False):
    """``value`` is the mean of the step; of a raw sample all three are the same."""

    ts: Timestamp
    metric: str
    value: float
    min: float
    max: float


class ServerHistoryRow(Struct, kw_only=True, gc=False):
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
