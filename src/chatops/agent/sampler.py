"""Takes samples: runs the collectors and puts their parts together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from chatops.agent.collectors import memory, system
from chatops.agent.collectors.cpu import CpuCollector
from chatops.agent.collectors.disk_io import DiskIoCollector
from chatops.agent.collectors.disks import DisksCollector
from chatops.agent.collectors.labels import clean
from chatops.agent.collectors.network import NetworkCollector
from chatops.agent.collectors.temperatures import TemperatureCollector
from chatops.agent.jobs import Job, Jobs, Round
from chatops.protocol.limits import MAX_SERIES
from chatops.protocol.metrics import Disk, Sample

TIME_LIMIT: Final = 2.0
"""Seconds one collector, or one mount, may take."""

DISK: Final = "disk:"
"""Begins the name of the job that measures one mount, in ``missing`` too."""

T = TypeVar("T")


class Sampler:
    """The collectors of one agent, with the memory that their rates need."""

    def __init__(
        self, collectors: Mapping[str, Job] | None = None, limit: float = TIME_LIMIT
    ) -> None:
        self._collectors = dict(default_collectors() if collectors is None else collectors)
        self._jobs = Jobs(limit)

    async def sample(self) -> Sample:
        """Measure everything now. Never raises: what gave nothing is named in ``missing``."""
        return assemble(await self._jobs.run(self._collectors))

    @property
    def stuck(self) -> frozenset[str]:
        """Collectors that have not come back."""
        return self._jobs.stuck

    def close(self) -> None:
        """Let the sampler's thread end."""
        self._jobs.close()


def default_collectors() -> dict[str, Job]:
    """One job for each part of a sample, by the part's name; ``disks`` makes one a mount."""
    disks = DisksCollector()
    return {
        "cpu": CpuCollector(),
        "load": system.load,
        "memory": memory.memory,
        "swap": memory.swap,
        "disk_io": DiskIoCollector(),
        "network": NetworkCollector(),
        "temperatures": TemperatureCollector(),
        "uptime_s": system.uptime,
        "process_count": system.process_count,
        "disks": lambda: {DISK + mount: job for mount, job in disks().items()},
    }


def assemble(round_: Round) -> Sample:
    """The sample of what a round gave, its series bounded and each name there once."""
    results = round_.results
    disks = [part for name, part in results.items() if name.startswith(DISK) and part is not None]
    parts = {name: part for name, part in results.items() if not name.startswith(DISK)}
    sample = Sample(**parts, missing=_told(round_.missing))
    room = MAX_SERIES
    sample.disks = _bounded(disks, _mount, room)
    room -= len(sample.disks)
    sample.network = _bounded(sample.network, lambda one: one.interface, room)
    room -= len(sample.network)
    sample.disk_io = _bounded(sample.disk_io, lambda one: one.device, room)
    room -= len(sample.disk_io)
    sample.temperatures = _bounded(sample.temperatures, lambda one: one.sensor, room)
    return sample


def _mount(disk: Disk) -> str:
    return disk.mount


def _bounded(parts: list[T], name: Callable[[T], str], room: int) -> list[T]:
    # Cutting a name can make it like another's; two values of one name would be a riddle.
    return list({name(part): part for part in reversed(parts)}.values())[::-1][: max(room, 0)]


def _told(missing: Mapping[str, str]) -> dict[str, Any]:
    return {clean(name): clean(reason) for name, reason in list(missing.items())[:MAX_SERIES]}
