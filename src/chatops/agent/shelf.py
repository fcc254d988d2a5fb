"""The segments of the spool in order: finding, reading and removing."""

from __future__ import annotations

import bisect
import errno
from typing import Final

from chatops.agent.segment import InMemory, OnDisk, Segment
from chatops.agent.spool_lines import Contents

_FOR_NOW: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN))
"""What a file does not answer that can be read later."""


class Shelf:
    """Segments, the oldest first; the last one takes new samples. One is kept as it was read."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self._read: tuple[Segment, Contents] | None = None

    def __len__(self) -> int:
        return sum(map(len, self.segments))

    @property
    def last(self) -> Segment:
        """The one that takes new samples."""
        return self.segments[-1]

    @property
    def newest(self) -> int | None:
        """The last sample that is held."""
        return next((s.newest for s in reversed(self.segments) if s.newest is not None), None)

    def of(self, kind: type[OnDisk | InMemory]) -> list[Segment]:
        """Those on disk, or those in memory."""
        return [one for one in self.segments if isinstance(one.place, kind)]

    def find(self, number: int) -> Segment | None:
        """The segment that a number belongs to, if there is one."""
        place = self._index(number)
        return self.segments[place] if place >= 0 else None

    def next_held(self, number: int) -> int | None:
        """The first sample from ``number`` on that is held."""
        for place in range(max(self._index(number), 0), len(self.segments)):
            found = self.segments[place].next_held(number)
            if found is not None:
                return found
        return None

    def ended(self, segment: Segment, now: float) -> float:
        """When a segment was followed by another; ``now`` for the last."""
        place = self.segments.index(segment) + 1
        return self.segments[place].opened.at if place < len(self.segments) else now

    def read(self, segment: Segment, number: int) -> Contents:
        """What a segment says, a sample among it unless that is lost.

        Raises:
            OSError: it cannot be read now, but may be later.
        """
        known = self._read
        if known is not None and known[0] is segment and number in known[1].samples:
            return known[1]
        self._read = None
        try:
            data = segment.place.read()
        except OSError as error:
            if error.errno in _FOR_NOW:
                raise
            data = b""
        self._read = (segment, Contents(data, segment.first))
        return self._read[1]

    def tidy(self) -> None:
        """Remove segments that hold nothing; not the last one, nor the last on disk, which tell
        what numbers were used."""
        kept = [*self.of(OnDisk)[-1:], *self.segments[-1:]]
        for segment in [one for one in self.segments if not len(one) and one not in kept]:
            self.remove(segment)

    def remove(self, segment: Segment, *, file_too: bool = True) -> None:
        """Take a segment away."""
        self.segments.remove(segment)
        if self._read is not None and self._read[0] is segment:
            self._read = None
        if file_too:
            segment.place.remove()

    def _index(self, number: int) -> int:
        return bisect.bisect_right(self.segments, number, key=lambda one: one.first) - 1
