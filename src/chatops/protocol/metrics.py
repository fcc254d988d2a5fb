"""The sample: what an agent measures at one moment, and the names of its values.

Units: bytes, seconds, per cent 0–100, rates per second. A value that could not be
measured is None. The fields are those of ``chatops metrics show -o json``.
"""

from __future__ import annotations

from msgspec import Struct, field

from chatops.protocol.integers import Int


class Cpu(Struct):
    """Per cent of all cores together; ``per_core`` of each. ``count`` is logical cores."""

    percent: float | None = None
    per_core: list[float] = []
    count: Int | None = None
    user: float | None = None
    system: float | None = None
    iowait: float | None = None
    steal: float | None = None


class Memory(Struct):
    """Main memory in bytes. ``used`` = total − available, and ``percent`` follows from it."""

    total: Int | None = None
    used: Int | None = None
    available: Int | None = None
    percent: float | None = None


class Swap(Struct):
    """Swap space in bytes; per cent is 0 on a host without any."""

    total: Int | None = None
    used: Int | None = None
    percent: float | None = None


class Disk(Struct):
    """One mounted file system. ``percent`` is of what is not reserved for root, as in df."""

    mount: str
    device: str = ""
    fstype: str = ""
    total: Int | None = None
    used: Int | None = None
    percent: float | None = None
    free: Int | None = None
    inodes_percent: float | None = None


class DiskIO(Struct):
    """Rates of one block device."""

    device: str
    read_bps: float | None = None
    write_bps: float | None = None
    read_iops: float | None = None
    write_iops: float | None = None


class Network(Struct):
    """Rates of one network interface; bps are bytes (not bits) per second."""

    interface: str
    rx_bps: float | None = None
    tx_bps: float | None = None
    rx_packets_ps: float | None = None
    tx_packets_ps: float | None = None
    errors_ps: float | None = None


class Temperature(Struct):
    """One sensor, in degrees Celsius."""

    sensor: str
    celsius: float | None = None


class Sample(Struct):
    """Everything one agent measured at one moment.

    ``missing`` names the collectors that gave nothing this time, with the reason, so that
    a null is never mistaken for a zero.
    """

    cpu: Cpu = field(default_factory=Cpu)
    load: list[float] = []
    memory: Memory = field(default_factory=Memory)
    swap: Swap = field(default_factory=Swap)
    disks: list[Disk] = []
    disk_io: list[DiskIO] = []
    network: list[Network] = []
    temperatures: list[Temperature] = []
    uptime_s: float | None = None
    process_count: Int | None = None
    missing: dict[str, str] = {}
