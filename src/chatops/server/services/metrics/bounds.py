"""Bounds on a sample: what an agent sends must not grow the hub, whatever it says."""

from __future__ import annotations

from operator import attrgetter
from typing import Final, TypeVar

import msgspec

from chatops.protocol.limits import (
    MAX_COMMAND_LINE,
    MAX_LABEL,
    MAX_SERIES,
    MAX_TOP_PROCESSES,
    MAX_UNIT_NAMES,
)
from chatops.protocol.metrics import Process, Processes, Sample

T = TypeVar("T")
_ENTRIES: Final = 64
"""Collectors that a sample may name."""
SHORT: Final = 4096
"""Characters of a frame whose sample may be stored as it came, whatever it holds."""
_LABELS: Final = (
    ("disks", "mount"), ("disk_io", "device"), ("network", "interface"),
    ("temperatures", "sensor"), ("containers", "name"), ("custom", "name"),
)  # fmt: skip
_LISTS: Final = tuple(
    (field, label, attrgetter(field), attrgetter(label)) for field, label in _LABELS
)


_encode: Final = msgspec.json.Encoder().encode


class _Frame(msgspec.Struct):
    data: msgspec.Raw


_raw: Final = msgspec.json.Decoder(_Frame).decode


def text_of(sample: Sample, ts: float, frame: str | None = None) -> bytes:
    """``bounded`` as JSON. Of a short ``frame`` that holds no more than it may, as most, it is the
    text that came: half the cost of writing it anew."""
    if frame is not None and len(frame) <= SHORT and _fits(sample):
        return bytes(_raw(frame).data)
    return _encode(bounded(sample, ts))


def _fits(sample: Sample) -> bool:
    """Whether ``bounded`` would leave a short sample as it is; False also where it takes a closer
    look to tell."""
    if sample.processes is not None or sample.containers or sample.missing:
        return False
    if sample.units.names or sample.agent.collectors or len(sample.load) > 3:
        return False
    for _, _, entries_of, name_of in _LISTS:
        entries = entries_of(sample)
        if entries and len("".join(map(name_of, entries))) > MAX_LABEL:
            return False
    return True


def bounded(sample: Sample, ts: float) -> Sample:
    """``sample``, taken at ``ts`` by the hub's clock, with names of at most MAX_LABEL characters
    and at most MAX_SERIES entries in its lists altogether: later ones are cut, which ``missing``
    then says."""
    room = MAX_SERIES
    for field, label, entries_of, name_of in _LISTS:
        entries = entries_of(sample)
        if not entries:
            continue
        if len(entries) > room:
            sample.missing[field] = f"{len(entries) - room} of {len(entries)} cut by the hub"
            del entries[room:]
        room -= len(entries)
        names = list(map(name_of, entries))
        if names and max(map(len, names)) > MAX_LABEL:
            for entry, name in zip(entries, names, strict=True):
                setattr(entry, label, name[:MAX_LABEL])
    del sample.load[3:]
    del sample.cpu.per_core[4096:]
    if sample.units.names:
        sample.units.names = [name[:MAX_LABEL] for name in sample.units.names[:MAX_UNIT_NAMES]]
    sample.missing = _some(sample.missing)
    sample.agent.collectors = _some(sample.agent.collectors)
    if sample.processes is not None:
        sample.processes.ts = ts
        _bound_processes(sample.processes)
    for container in sample.containers:
        container.id, container.state = container.id[:MAX_LABEL], container.state[:MAX_LABEL]
        container.image = container.image[:MAX_LABEL]
        container.health = _cut(container.health, MAX_LABEL)
        container.project = _cut(container.project, MAX_LABEL)
    return sample


def _bound_processes(found: Processes) -> None:
    for processes in (found.by_cpu, found.by_memory):
        del processes[MAX_TOP_PROCESSES:]
        for process in processes:
            bound_process(process)


def bound_process(process: Process) -> None:
    """Cut a process's texts."""
    process.name = process.name[:MAX_LABEL]
    process.user = _cut(process.user, MAX_LABEL)
    process.command = _cut(process.command, MAX_COMMAND_LINE)


def _cut(text: str | None, length: int) -> str | None:
    return None if text is None else text[:length]


def _some(entries: dict[str, T]) -> dict[str, T]:
    if not entries:
        return entries
    return {name[:MAX_LABEL]: one for name, one in list(entries.items())[:_ENTRIES]}
