"""A stored sample as closing reads it: only what METRIC names look at, in half the time.

The names are those of protocol.metrics, whose structs say what they mean; a test sees to it that
every METRIC finds the same in both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

import msgspec
from msgspec import Struct, field

from chatops.protocol.metrics import Custom, Network, Sample, Temperature


class _Cpu(Struct, gc=False):
    percent: float | None = None
    iowait: float | None = None
    steal: float | None = None


class _Memory(Struct, gc=False):
    available: int | None = None
    percent: float | None = None


class _Swap(Struct, gc=False):
    percent: float | None = None


class _Disk(Struct, gc=False):
    mount: str
    percent: float | None = None
    free: int | None = None
    inodes_percent: float | None = None


class _DiskIO(Struct, gc=False):
    device: str
    read_bps: float | None = None
    write_bps: float | None = None


class _Units(Struct, gc=False):
    failed: int | None = None


class _Container(Struct, gc=False):
    name: str
    state: str = ""
    health: str | None = None
    cpu_percent: float | None = None
    memory: int | None = None


class _Agent(Struct, gc=False):
    cpu_percent: float | None = None
    rss: int | None = None


class _Measured(Struct, gc=False):
    cpu: _Cpu = field(default_factory=_Cpu)
    load: list[float] = []
    memory: _Memory = field(default_factory=_Memory)
    swap: _Swap = field(default_factory=_Swap)
    disks: list[_Disk] = []
    disk_io: list[_DiskIO] = []
    network: list[Network] = []
    temperatures: list[Temperature] = []
    uptime_s: float | None = None
    process_count: int | None = None
    units: _Units = field(default_factory=_Units)
    container_count: int | None = None
    containers: list[_Container] = []
    custom: list[Custom] = []
    agent: _Agent = field(default_factory=_Agent)


_decode: Final = msgspec.json.Decoder(_Measured).decode


def measured(texts: Sequence[bytes]) -> list[Sample]:
    """What METRIC names look at of some samples; nothing else is in them."""
    return cast("list[Sample]", list(map(_decode, texts)))
