"""Bounds on a sample: what an agent sends must not grow the hub, whatever it says."""

from __future__ import annotations

from typing import Final

from chatops.protocol.limits import MAX_LABEL, MAX_SERIES
from chatops.protocol.metrics import Sample

_LABELS: Final = (
    ("disks", "mount"), ("disk_io", "device"), ("network", "interface"),
    ("temperatures", "sensor"),
)  # fmt: skip


def bounded(sample: Sample) -> Sample:
    """``sample`` with names of at most MAX_LABEL characters and at most MAX_SERIES entries in
    its lists altogether: later ones are cut, which ``missing`` then says."""
    room = MAX_SERIES
    for field, label in _LABELS:
        entries = getattr(sample, field)
        if len(entries) > room:
            sample.missing[field] = f"{len(entries) - room} of {len(entries)} cut by the hub"
            del entries[room:]
        room -= len(entries)
        for entry in entries:
            name = getattr(entry, label)
            if len(name) > MAX_LABEL:
                setattr(entry, label, name[:MAX_LABEL])
    del sample.load[3:]
    del sample.cpu.per_core[4096:]
    if len(sample.missing) > 64:
        sample.missing = dict(list(sample.missing.items())[:64])
    return sample
