"""Where the reading of a log stands, and which file that is now. Pure.

A log is more than the file at its path: it is renamed or copied away, cut to nothing, and begun
again. A *place* is one generation of it and how far that was read. The same generation is known
again by its first bytes, in the file with its inode if that still has them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from chatops.ids import new_id

HEAD: Final = 1024
"""First bytes of a file that tell it from others."""


class Found(NamedTuple):
    """A file that is there. ``mtime`` is nanoseconds, ``head`` its first HEAD bytes."""

    path: Path
    device: int
    inode: int
    size: int
    mtime: int
    head: bytes


class Place(Struct, kw_only=True):
    """One generation of a log. ``offset`` is behind the last entry that need not be read again;
    ``head`` the digest of its first ``head_size`` bytes. ``read_at`` (nanoseconds) is the file's
    mtime when it was last looked at, ``known`` its size then."""

    id: str
    device: int
    inode: int
    offset: int = 0
    head: str = ""
    head_size: int = 0
    read_at: int = 0
    known: int = 0

    def is_still(self, found: Found) -> bool:
        """Whether a file with this place's inode still begins as it did, and was not cut."""
        same = (self.device, self.inode) == (found.device, found.inode)
        return same and self._is_whole_in(found)

    def is_copied_to(self, found: Found) -> bool:
        """Whether a file with another inode holds this generation. Where it is another one that
        merely begins alike, nothing is left out but what is the same: a place with few first bytes
        has an offset among them."""
        return found.mtime >= self.read_at and self._is_whole_in(found)

    def begins(self, head: bytes) -> bool:
        """Whether these first bytes are the ones of this generation."""
        return len(head) >= self.head_size and digest(head[: self.head_size]) == self.head

    def note(self, found: Found) -> None:
        """Remember how the file looks now."""
        self.device, self.inode, self.read_at = found.device, found.inode, found.mtime
        self.known = found.size
        self.head, self.head_size = digest(found.head), len(found.head)

    def _is_whole_in(self, found: Found) -> bool:
        return found.size >= self.offset and self.begins(found.head)


class Seen(Struct, kw_only=True):
    """What is kept of a log: its places, oldest first, and the latest mtime (nanoseconds) of its
    files so far. None: nobody looked yet."""

    places: list[Place] = []
    until: int | None = None

    def note(self, *moments: int) -> None:
        """Files were written at those moments."""
        self.until = max(self.until or 0, *moments)


class Plan(NamedTuple):
    """Which file each place is in, in the order in which they are to be read; ``lost`` are the
    places of which there is no file any more."""

    reading: list[tuple[Place, Found]]
    lost: list[Place]


def digest(head: bytes) -> str:
    """What is kept of first bytes."""
    return hashlib.blake2b(head, digest_size=16).hexdigest()


def first_place(found: Found, *, start: bool) -> Place:
    """Where a log is begun that was never seen before: at its end, or (``start``) at its start."""
    offset = 0 if start else found.size
    place = Place(id=new_id(), device=found.device, inode=found.inode, offset=offset)
    place.note(found)
    return place


def plan(seen: Seen, current: Found | None, others: Sequence[Found]) -> Plan:
    """Go on with a log whose file is ``current`` and which may have been renamed or copied to
    ``others``. When the file is another one than before, those that came into being in between
    are new too; what is new is read whole. A place in a file that was empty tells nothing: what
    is in it now may be the second that was written there."""
    here = [*others, *([current] if current else [])]
    reading: list[tuple[Place, Found]] = []
    lost = []
    for place in seen.places:
        file = _file_of(place, [one for one in here if one not in _files(reading)])
        if file is not None:
            reading.append((place, file))
        elif place.head_size:
            lost.append(place)
    known = _files(reading)
    if current is not None and current in known:
        return Plan(reading, lost)
    fresh = _missed(seen, known, others) + ([current] if current else [])
    return Plan(reading + [(first_place(one, start=True), one) for one in fresh], lost)


def _files(reading: Sequence[tuple[Place, Found]]) -> list[Found]:
    return [file for _, file in reading]


def _file_of(place: Place, here: Sequence[Found]) -> Found | None:
    if not place.head_size:
        return None
    same = [one for one in here if place.is_still(one)]
    return next(iter(same or [one for one in here if place.is_copied_to(one)]), None)


def _missed(seen: Seen, known: Sequence[Found], others: Sequence[Found]) -> list[Found]:
    """The generations that nobody saw while they were the log's file, oldest first."""
    newest = max([one.mtime for one in known] + [seen.until or 0])
    found = [one for one in others if one not in known and one.mtime >= newest and one.size]
    return sorted(found, key=lambda one: (one.mtime, *_age(one.path)))


def _age(path: Path) -> tuple[int, str]:
    """What orders files that were written at the same moment: ``.2`` is older than ``.1``, and
    ``-20261124`` than ``-20261125``."""
    number = re.search(r"[-._](\d{1,3})(?=\.|$)", path.name)
    return -int(number[1]) if number else 0, path.name
