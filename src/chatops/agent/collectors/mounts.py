"""Which file systems are worth watching, from /proc/self/mountinfo (proc(5)).

Left out are file systems of the kernel's own, images that are full by nature (squashfs
and the like), memory file systems, and what shows a device that another mount shows
already (bind mounts). ``/`` is always listed, whatever it is.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_REMOTE: Final = frozenset((
    "9p", "afs", "beegfs", "ceph", "cifs", "coda", "glusterfs", "gpfs", "lustre", "ncpfs",
    "nfs", "nfs4", "smb3", "smbfs", "virtiofs", "vboxsf", "zfs", "bcachefs",
))  # fmt: skip
_FULL_BY_NATURE: Final = frozenset((
    "squashfs", "erofs", "iso9660", "udf", "cramfs", "romfs", "fuse.squashfuse",
    "fuse.snapfuse",
))  # fmt: skip
_FUSE: Final = frozenset((
    "fuseblk", "fuse.sshfs", "fuse.glusterfs", "fuse.s3fs", "fuse.rclone", "fuse.mergerfs",
    "fuse.ceph", "fuse.lizardfs", "fuse.juicefs",
))  # fmt: skip
_CONTAINER_FILES: Final = frozenset(("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"))
_ESCAPE: Final = re.compile(r"\\([0-7]{3})")


class Mount(NamedTuple):
    """One line of mountinfo. ``root`` is what of the file system the mount shows."""

    device_id: str
    root: str
    point: str
    fstype: str
    source: str
    options: str


def parse(text: str) -> list[Mount]:
    """The mounts of a mountinfo text; lines that are none are passed over."""
    mounts: list[Mount] = []
    for line in text.split("\n"):  # other ends of lines may be part of a name
        fields, dash, rest = line.partition(" - ")
        head, tail = fields.split(" "), rest.split(" ")
        if not dash or len(head) < 5 or len(tail) < 3:
            continue
        mounts.append(
            Mount(head[2], _plain(head[3]), _plain(head[4]), tail[0], _plain(tail[1]), tail[2])
        )
    return mounts


def choose(mounts: list[Mount], on_devices: frozenset[str]) -> list[Mount]:
    """The mounts to watch. ``on_devices`` are the file system types that need a device."""
    visible = {mount.point: mount for mount in mounts}  # the last one covers those before it
    found: dict[str, Mount] = {}
    for mount in visible.values():
        if mount.point != "/" and not _is_real(mount, on_devices):
            continue
        key = _identity(mount)
        if key not in found or _rank(mount) < _rank(found[key]):
            found[key] = mount
    return sorted(found.values(), key=lambda mount: mount.point)


def device_types(text: str) -> frozenset[str]:
    """The types in /proc/filesystems that need a device."""
    return frozenset(line.strip() for line in text.splitlines() if not line.startswith("nodev"))


def _is_real(mount: Mount, on_devices: frozenset[str]) -> bool:
    kind = mount.fstype
    if kind in _FULL_BY_NATURE or mount.point in _CONTAINER_FILES:
        return False
    return kind in on_devices or kind in _REMOTE or kind in _FUSE


def _identity(mount: Mount) -> str:
    if mount.fstype == "btrfs":  # subvolumes are file systems to those who mount them
        volume = next((x for x in mount.options.split(",") if x.startswith("subvol=")), "")
        return f"{mount.device_id} {volume}"
    return mount.device_id


def _rank(mount: Mount) -> tuple[bool, int, int]:
    # A bind mount of a folder has a longer root than the mount of the whole.
    return mount.point != "/", len(mount.root), len(mount.point)


def _plain(field: str) -> str:
    return _ESCAPE.sub(lambda match: chr(int(match[1], 8)), field)
