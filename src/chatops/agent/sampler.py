"""Takes samples: runs the collectors and puts their parts together."""

from __future__ import annotations

import errno
import functools
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from chatops.agent.collectors import memory, system, units
from chatops.agent.collectors.cpu import CpuCollector
from chatops.agent.collectors.disk_io import DiskIoCollector
from chatops.agent.collectors.disks import DisksCollector
from chatops.agent.collectors.labels import clean
from chatops.agent.collectors.network import NetworkCollector
from chatops.agent.collectors.processes import ProcessCollector
from chatops.agent.collectors.temperatures import TemperatureCollector
from chatops.agent.collectors.textfile import TextfileCollector
from chatops.agent.jobs import Job, Jobs, Round
from chatops.agent.lanes import Lanes
from chatops.protocol.limits import MAX_AGENT_FRAME, MAX_SERIES
from chatops.protocol.metrics import Disk, Sample

PROCESSES_EVERY: Final = 30.0
TIME_LIMIT: Final = 2.0
"""Seconds one collector, or one mount, may take."""

CUSTOM: Final = "custom"
"""The part of a sample that the textfile folder fills."""
DISK: Final = "disk:"
"""Begins the name of the job that measures one mount, in ``missing`` too."""

MAX_BYTES: Final = MAX_AGENT_FRAME * 3 // 4
"""Of a sample as JSON: names can be long, and what a hub cannot read would be sent for ever."""

RARE: Final = {"processes": PROCESSES_EVERY, "units": units.EVERY}
"""Seconds between two runs of collectors that are not run for each sample."""
HOLD: Final = frozenset({"units"})
"""Those of them whose result holds until the next one; the others' come with one sample."""

T = TypeVar("T")
_KINDS: Final = {one.name: one.type for one in msgspec.structs.fields(Sample)}
_REFUSED: Final = (msgspec.ValidationError, OverflowError, UnicodeEncodeError)
_encode: Final = msgspec.json.Encoder().encode


class Sampler:
    """The collectors of one agent, with the memory that their rates need."""

    def __init__(
        self,
        collectors: Mapping[str, Job] | None = None,
        limit: float = TIME_LIMIT,
        clock: Callable[[], float] = time.monotonic,
        *,
        every_time: bool = False,
    ) -> None:
        self._collectors = dict(default_collectors() if collectors is None else collectors)
        self._jobs = Jobs(limit)
        self._clock = clock
        self._lanes = Lanes({} if every_time else RARE)
        self._held: dict[str, tuple[Any, str | None]] = {}
        self._seconds: dict[str, float] = {}

    async def sample(self) -> Sample:
        """Measure everything that is due now. Never raises: what gave nothing is named in
        ``missing``."""
        now = self._clock()
        due = {name: job for name, job in self._collectors.items() if self._lanes.due(name, now)}
        round_ = await self._jobs.run(due)
        for name in due:
            self._seconds[name] = round_.seconds.get(name, 0.0)
            self._lanes.took(name, self._seconds[name], now)
        self._fill_in(round_, due)
        sample = assemble(round_)
        if sample.processes is not None:
            sample.agent.collectors = {
                name: round(seconds, 6) for name, seconds in self._seconds.items()
            }
        return sample

    def _fill_in(self, round_: Round, due: Mapping[str, Job]) -> None:
        """What holds until it is looked at again, and why a slow collector gave nothing."""
        for name in HOLD & due.keys():
            self._held[name] = round_.results.get(name), round_.missing.get(name)
        for name in self._collectors.keys() - due.keys():
            result, why = self._held.get(name) or (None, self._lanes.why_not(name))
            if result is not None:
                round_.results[name] = result
            if why is not None:
                round_.missing[name] = why

    @property
    def stuck(self) -> frozenset[str]:
        """Collectors that have not come back."""
        return self._jobs.stuck

    def close(self) -> None:
        """Let the sampler's thread end."""
        self._jobs.close()


def default_collectors(
    processes: ProcessCollector | None = None, textfile: TextfileCollector | None = None
) -> dict[str, Job]:
    """One job for each part of a sample, by the part's name; ``disks`` makes one a mount."""
    own: dict[str, Job] = {} if textfile is None else {"custom": lambda: _custom(textfile)}
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
        "processes": processes or ProcessCollector(),
        "units": units.UnitsCollector(),
        **own,
        "disks": lambda: {DISK + mount: job for mount, job in disks().items()},
    }


def _custom(textfile: TextfileCollector) -> dict[str, Job]:
    """The values of the files, and for each file that does not count a job that says why."""
    values = textfile()
    jobs: dict[str, Job] = {CUSTOM: lambda: values}
    for name, why in textfile.refused.items():
        jobs[f"{CUSTOM}:{name}"] = functools.partial(_refuse, why)
    return jobs


def _refuse(why: str) -> None:
    raise OSError(errno.EINVAL, why)


def assemble(round_: Round) -> Sample:
    """The sample of what a round gave: its series bounded, each name there once, nothing in it
    that a hub would refuse. ``missing`` says what was left out."""
    missing = dict(round_.missing)
    parts: dict[str, Any] = {}
    for name, part in round_.results.items():
        if part is not None:
            try:
                parts[name] = _as_read(name, part)
            except _REFUSED:
                missing[name] = "impossible values"
    room = MAX_SERIES
    while len(_encode(sample := _build(parts, missing, room))) > MAX_BYTES:
        room //= 2
    return sample


def _as_read(name: str, part: Any) -> Any:
    """A part as a hub reads it; what is no number is None then."""
    kind = Disk if name.startswith(DISK) else _KINDS.get(name, Any)
    return msgspec.json.decode(_encode(part), type=kind)


def _build(parts: Mapping[str, Any], missing: Mapping[str, str], room: int) -> Sample:
    disks = [part for name, part in parts.items() if name.startswith(DISK)]
    plain = {name: part for name, part in parts.items() if not name.startswith(DISK)}
    sample = Sample(**plain, missing=_told(missing, room))
    lists: tuple[tuple[str, list[Any], Callable[[Any], str]], ...] = (
        ("disks", disks, lambda one: one.mount),
        ("network", sample.network, lambda one: one.interface),
        ("disk_io", sample.disk_io, lambda one: one.device),
        ("temperatures", sample.temperatures, lambda one: one.sensor),
        ("containers", sample.containers, lambda one: one.name),
        ("custom", sample.custom, lambda one: one.name),
    )
    for name, series, label in lists:
        every = _once(series, label)
        told = every[:room]
        room -= len(told)
        setattr(sample, name, told)
        if len(told) < len(every):
            sample.missing[name] = f"of {len(every)} only the first {len(told)} are told"
    return sample


def _once(series: list[T], label: Callable[[T], str]) -> list[T]:
    # Cutting a name can make it like another's; two values of one name would be a riddle.
    return list({label(one): one for one in reversed(series)}.values())[::-1]


def _told(missing: Mapping[str, str], room: int) -> dict[str, str]:
    return {clean(name): clean(reason) for name, reason in list(missing.items())[:room]}
