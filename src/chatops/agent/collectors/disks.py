"""Space and inodes of each mounted file system.

statvfs of a dead network file system hangs for ever, so every mount is a job of its own.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

from chatops.agent.collectors.labels import clean
from chatops.agent.collectors.mounts import Mount, choose, device_types, parse
from chatops.protocol.metrics import Disk


class DisksCollector:
    """Lists the mounts; measuring one is a call of its own, for the sampler to bound."""

    def __init__(self, proc: Path = Path("/proc")) -> None:
        self._proc = proc
        self._text = ""
        self._mounts: list[Mount] = []

    def __call__(self) -> dict[str, Callable[[], Disk | None]]:
        """For each mount, by its name, the call that measures it."""
        text = self._read("self/mountinfo")
        if text != self._text:
            self._text = text
            self._mounts = choose(parse(text), device_types(self._read("filesystems")))
        return {mount.point: functools.partial(measure, mount) for mount in self._mounts}

    def _read(self, name: str) -> str:
        path = self._proc / name
        with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
            return file.read()


def measure(mount: Mount) -> Disk | None:
    """What df says of a mount; None for one that has no size.

    Raises:
        OSError: it cannot be asked (a stale handle, no permission).
    """
    seen = os.statvfs(mount.point)
    if not seen.f_blocks and mount.point != "/":
        return None
    unit = seen.f_frsize
    unused = min(seen.f_bfree, seen.f_blocks)  # some report more, of what is over their quota
    used, free = (seen.f_blocks - unused) * unit, min(seen.f_bavail, unused) * unit
    return Disk(
        mount=clean(mount.point),
        device=clean(mount.source),
        fstype=clean(mount.fstype),
        total=seen.f_blocks * unit,
        used=used,
        percent=_share(used, used + free),
        free=free,
        inodes_percent=_share(max(seen.f_files - seen.f_ffree, 0), seen.f_files),
    )


def _share(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 2) if whole > 0 else None
