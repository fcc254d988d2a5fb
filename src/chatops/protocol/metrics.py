"""The sample: what an agent measures at one moment, and the names of its values.

Units: bytes, seconds, per cent 0–100, rates per second. A value that could not be
measured is None. The fields are those of ``chatops metrics show -o json``. None of them can be
part of a cycle, so the garbage collector need not know of them (``gc=False``): they are many.
"""

from __future__ import annotations

from msgspec import Struct, field

from chatops.protocol.integers import Int


class Cpu(Struct, gc=False):
    """Per cent of all cores together; ``per_core`` of each. ``count`` is logical cores."""

    percent: float | None = None
    per_core: list[float] = []
    count: Int | None = None
    user: float | None = None
    system: float | None = None
    iowait: float | None = None
    steal: float | None = None


class Memory(Struct, gc=False):
    """Main memory in bytes. ``used`` = total − available, and ``percent`` follows from it."""

    total: Int | None = None
    used: Int | None = None
    available: Int | None = None
    percent: float | None = None


class Swap(Struct, gc=False):
    """Swap space in bytes; per cent is 0 on a host without any."""

    total: Int | None = None
    used: Int | None = None
    percent: float | None = None


class Disk(Struct, gc=False):
    """One mounted file system. ``percent`` is of what is not reserved for root, as in df."""

    mount: str
    device: str = ""
    fstype: str = ""
    total: Int | None = None
    used: Int | None = None
    percent: float | None = None
    free: Int | None = None
    inodes_percent: float | None = None


class DiskIO(Struct, gc=False):
    """Rates of one block device."""

    device: str
    read_bps: float | None = None
    write_bps: float | None = None
    read_iops: float | None = None
    write_iops: float | None = None


class Network(Struct, gc=False):
    """Rates of one network interface; bps are bytes (not bits) per second."""

    interface: str
    rx_bps: float | None = None
    tx_bps: float | None = None
    rx_packets_ps: float | None = None
    tx_packets_ps: float | None = None
    errors_ps: float | None = None


class Temperature(Struct, gc=False):
    """One sensor, in degrees Celsius."""

    sensor: str
    celsius: float | None = None


class Process(Struct, omit_defaults=True, gc=False):
    """One process. ``cpu_percent`` is per cent of one core since the last look, None at first
    sight; ``memory_percent`` of all memory, ``rss`` what it has of it. ``started_at`` is Unix
    seconds. ``command`` is its arguments, or its name in brackets where there are none."""

    pid: Int
    ppid: Int | None = None
    user: str | None = None
    name: str = ""
    command: str | None = None
    cpu_percent: float | None = None
    memory_percent: float | None = None
    rss: Int | None = None
    started_at: float | None = None


class Processes(Struct, omit_defaults=True, gc=False):
    """The processes that took most at the time ``ts``, the largest first."""

    ts: float
    by_cpu: list[Process] = []
    by_memory: list[Process] = []


class Units(Struct, gc=False):
    """systemd's units that have failed: how many (None where there is no systemd), and which, of
    many the first."""

    failed: Int | None = None
    names: list[str] = []


class Container(Struct, gc=False):
    """One container. ``state`` and ``health`` are the engine's words (``running``, ``exited``;
    ``healthy``, ``unhealthy``, None without a check); ``memory`` is bytes, ``cpu_percent`` of one
    core; network and block I/O are bytes per second. ``pids`` is how many processes and threads
    run in it, ``project`` its Compose project."""

    id: str
    name: str
    image: str = ""
    state: str = ""
    health: str | None = None
    cpu_percent: float | None = None
    memory: Int | None = None
    memory_limit: Int | None = None
    rx_bps: float | None = None
    tx_bps: float | None = None
    read_bps: float | None = None
    write_bps: float | None = None
    pids: Int | None = None
    project: str | None = None


class Custom(Struct, gc=False):
    """One value of the host's own, as its textfile folder names it."""

    name: str
    value: float | None = None


class AgentCost(Struct, gc=False):
    """What watching costs: per cent of one core and bytes of the agent and its watchdog, what
    waits in the spool unacked (bytes, about, and samples), and the seconds that each collector
    took last time."""

    cpu_percent: float | None = None
    rss: Int | None = None
    spool_bytes: Int | None = None
    spool_samples: Int | None = None
    collectors: dict[str, float] = {}


class Sample(Struct, omit_defaults=True, gc=False):
    """Everything one agent measured at one moment.

    ``missing`` names the collectors that gave nothing this time, with the reason, so that
    a null is never mistaken for a zero. ``processes`` and the collectors' seconds come with a
    sample now and then; ``container_count`` is None where no engine may be asked.
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
    processes: Processes | None = None
    units: Units = field(default_factory=Units)
    container_count: Int | None = None
    containers: list[Container] = []
    custom: list[Custom] = []
    agent: AgentCost = field(default_factory=AgentCost)
    missing: dict[str, str] = {}
