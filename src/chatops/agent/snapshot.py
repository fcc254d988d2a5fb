"""What the host was at, for an alert: its journal's last lines, and what fills a mount.

The hub asks for it when an alert fires. It needs no permission, as it tells little more than
samples do: names of folders two levels deep, and lines of the system's journal. Time and reading
are bounded; what cannot be had in that is None.
"""

from __future__ import annotations

import heapq
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from chatops.agent.collectors.disks import DisksCollector
from chatops.agent.collectors.labels import clean
from chatops.protocol.parts import Largest, MountUse
from chatops.redaction import KeyBlocks, redact
from chatops.text import shorten

LINES: Final = 20
LINE: Final = 300
"""Characters of a line of the journal."""
JOURNAL_SECONDS: Final = 3.0
WALK_SECONDS: Final = 4.0
WALK_ENTRIES: Final = 200_000
"""Files that are looked at in a mount."""
FOLDERS: Final = 10
DEPTH: Final = 2
_PAUSE: Final = 500
"""Files after which the walk lets others have the disk."""


def journal(command: tuple[str, ...] = ("journalctl",)) -> list[str] | None:
    """The last lines of the system's journal, credentials struck out; None where there is none."""
    words = [*command, "--no-pager", "--quiet", "--output=short-iso", f"--lines={LINES}"]
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=JOURNAL_SECONDS,
            check=True, env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    lines = done.stdout[-LINES * 8 * LINE :].decode("utf-8", "replace").splitlines()[-LINES:]
    keys = KeyBlocks()
    return [shorten(redact(keys.strike(clean(line))), LINE) for line in lines] or None


def mount_use(mount: str) -> MountUse | None:
    """The largest folders of a mount, or ("") of the fullest; None if it is none that samples
    list: the hub cannot have other folders looked into."""
    known = DisksCollector()()
    if mount:
        points = {clean(point): point for point in known}
        return largest(points[mount]) if mount in points else None
    fullest = None
    for job in known.values():
        disk = job()
        if disk is not None and (fullest is None or (disk.percent or 0) > (fullest.percent or 0)):
            fullest = disk
    return mount_use(fullest.mount) if fullest is not None else None


def largest(root: str, *, seconds: float = WALK_SECONDS, entries: int = WALK_ENTRIES) -> MountUse:
    """The folders below ``root`` that hold most, each with all that is in it, on this file system
    alone. ``complete`` is whether there was time to look at everything."""
    sizes: dict[str, int] = defaultdict(int)
    until, complete = time.monotonic() + seconds, True
    for count, (folder, size) in enumerate(_files(root), 1):
        sizes[folder] += size
        if count % _PAUSE == 0:
            time.sleep(0.001)
            if time.monotonic() > until or count >= entries:
                complete = False
                break
    found = heapq.nlargest(FOLDERS, sizes.items(), key=lambda item: item[1])
    return MountUse(
        path=clean(root),
        complete=complete,
        largest=[Largest(path=clean(path), bytes=size) for path, size in found],
    )


def _files(root: str) -> Iterator[tuple[str, int]]:
    """The bytes of every file below ``root``, with the folder that they count for."""
    try:
        device = os.lstat(root).st_dev
    except OSError:
        return
    todo = [(root, root, 0)]
    while todo:
        path, counts_for, depth = todo.pop()
        try:
            with os.scandir(path) as found:
                for entry in found:
                    try:
                        seen = entry.stat(follow_symlinks=False)
                    except OSError:
                        continue
                    if seen.st_dev != device:
                        continue
                    yield counts_for, seen.st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        below = entry.path if depth < DEPTH else counts_for
                        todo.append((entry.path, below, depth + 1))
        except OSError:
            continue
