"""The samples of the spool on disk, bounded: segments and gaps, and what to do without a disk.

Numbers go up through all segments, those of earlier epochs too. The last segment takes new
samples. One whose samples are all settled is removed; when there are too many bytes the
oldest segment goes and leaves a gap. While the disk takes nothing new ones wait in memory, in
an epoch of their own: should the agent die, nobody would know which numbers were used.
"""

from __future__ import annotations

import bisect
import contextlib
import errno
import logging
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.boot import boot_id
from chatops.agent.gaps import Gap, Gaps
from chatops.agent.segment import InMemory, OnDisk, Place, Segment, name_of
from chatops.agent.spool_lines import Contents, Opened, Taken, encode, sample_of
from chatops.agent.spool_load import GAPS, damage, load
from chatops.clock import Clock
from chatops.paths import sync_folder, write_private
from chatops.protocol.limits import KiB, MiB
from chatops.protocol.metrics import Sample

SEGMENT: Final = 256 * KiB
"""Bytes after which a segment takes no more samples."""
IN_MEMORY: Final = 2 * MiB
"""Bytes of samples that are kept while the disk takes none."""
RETRY_SECONDS: Final = 60.0
"""So often a disk that took nothing is asked again."""
_PARTS: Final = 8
_FOR_NOW: Final = frozenset((errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR, errno.EAGAIN))
_log = logging.getLogger(__name__)


class Stored(NamedTuple):
    """A sample as it was taken; ``at`` is CLOCK_BOOTTIME, None if that was another boot's."""

    epoch: str
    ts: float
    at: float | None
    sample: Sample


class Store:
    """Samples and gaps in ``folder``, which the caller has for itself alone.

    ``limit`` bounds the bytes on disk. Never raises for what the disk does or holds.
    """

    def __init__(self, folder: Path, limit: int, clock: Clock) -> None:
        self.gaps = Gaps()
        self._folder: Final = folder
        self._limit = limit
        self._piece = min(SEGMENT, limit // _PARTS)
        self._clock = clock
        self._boot = boot_id()
        self._segments: list[Segment] = []
        self._fresh: tuple[int, Stored] | None = None
        self._read: tuple[Segment, Contents] | None = None
        self._retry_at: float | None = None
        self._epoch = secrets.token_hex(8)
        self._start()

    def __len__(self) -> int:
        return sum(map(len, self._segments))

    @property
    def epoch(self) -> str:
        """That of samples to come."""
        return self._epoch

    @property
    def boot(self) -> str:
        """This run of the machine."""
        return self._boot

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(one.size for one in self._segments if isinstance(one.place, OnDisk))

    def append(self, ts: float, at: float, sample: Sample) -> int:
        """Take a sample; its number. It is with the kernel when this returns, if it can be."""
        if self._retry_at is not None and self._clock.monotonic() >= self._retry_at:
            self._try_again()
        try:
            number = self._add(ts, at, sample)
        except OSError as error:
            self._fall_back(error)
            number = self._add(ts, at, sample)
        self._fresh = (number, Stored(self.epoch, ts, at, sample))
        self._keep_bounds()
        return number

    def settle(self, epoch: str, number: int) -> None:
        """The hub has a sample; one that is unknown, or was settled before, is no error."""
        segment = self._segment(number)
        if segment is not None and segment.epoch == epoch and segment.holds(number):
            self._settle(segment, number, number)

    def get(self, number: int) -> Stored | None:
        """A sample that is held; None when it cannot be read, now or ever."""
        if self._fresh is not None and self._fresh[0] == number:
            return self._fresh[1]
        segment = self._segment(number)
        if segment is None or not segment.holds(number):
            return None
        try:
            contents = self._contents(segment, number)
        except OSError as error:
            _log.warning("the spool cannot be read: %s", error.strerror)
            return None
        held = contents.samples.get(number)
        sample = sample_of(held.text) if held is not None else None
        if held is None or sample is None:
            contents.samples.pop(number, None)
            self._lose(segment, contents)
            return None
        here = segment.opened.boot == self._boot
        return Stored(segment.epoch, held.ts, held.at if here else None, sample)

    def holds(self, number: int) -> bool:
        """Whether a sample is held."""
        segment = self._segment(number)
        return segment is not None and segment.holds(number)

    def next_held(self, number: int) -> int | None:
        """The first sample from ``number`` on that is held."""
        for place in range(max(self._index(number), 0), len(self._segments)):
            found = self._segments[place].next_held(number)
            if found is not None:
                return found
        return None

    @property
    def newest(self) -> int | None:
        """The last sample that is held."""
        return next((s.newest for s in reversed(self._segments) if s.newest is not None), None)

    def gap_acked(self, told: Gap) -> None:
        """The hub has committed a gap as it was told."""
        if self.gaps.acked(told):
            self._save_gaps()

    def close(self) -> None:
        """End in order: the next agent goes on with these numbers, on another boot too."""
        place = self._current.place
        if isinstance(place, OnDisk):
            with contextlib.suppress(OSError):  # then the next one begins an epoch
                self._current.close()
                place.sync()
                sync_folder(self._folder)

    # -- the segments ---------------------------------------------------------------------

    @property
    def _current(self) -> Segment:
        return self._segments[-1]

    def _index(self, number: int) -> int:
        return bisect.bisect_right(self._segments, number, key=lambda one: one.first) - 1

    def _segment(self, number: int) -> Segment | None:
        place = self._index(number)
        return self._segments[place] if place >= 0 else None

    def _add(self, ts: float, at: float, sample: Sample) -> int:
        if self._current.size >= self._piece or self._current.full:
            self._begin(in_memory=isinstance(self._current.place, InMemory))
        taken = Taken(seq=self._current.end, ts=ts, at=at, data=sample)
        return self._current.add(encode(taken))

    def _begin(self, *, in_memory: bool) -> None:
        """Open the next segment."""
        last = self._segments[-1] if self._segments else None
        opened = Opened(
            at=self._clock.now(), boot=self._boot, before=last.first if last is not None else 0
        )
        first, data = last.end if last is not None else 1, encode(opened)
        place: Place
        if in_memory:
            place = InMemory()
            place.append(data)
        else:
            place = OnDisk.create(self._path(self.epoch, first), data)
        segment = Segment(place, self.epoch, first, opened)
        segment.begin(data)
        self._segments.append(segment)
        self._tidy()

    def _settle(self, segment: Segment, first: int, last: int) -> None:
        segment.settle(first, last)
        if not len(segment):
            self._tidy()

    def _tidy(self) -> None:
        """Remove segments that hold nothing; not the last one, nor the last on disk, which tell
        what numbers were used."""
        on_disk = [one for one in self._segments if isinstance(one.place, OnDisk)]
        for segment in self._segments[:-1]:
            if not len(segment) and segment not in on_disk[-1:]:
                self._remove(segment)

    def _remove(self, segment: Segment, *, file_too: bool = True) -> None:
        self._segments.remove(segment)
        if self._read is not None and self._read[0] is segment:
            self._read = None
        if file_too:
            segment.place.remove()

    def _contents(self, segment: Segment, number: int) -> Contents:
        """
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

    def _path(self, epoch: str, first: int) -> str:
        return str(self._folder / name_of(epoch, first))

    # -- what is lost ---------------------------------------------------------------------

    def _keep_bounds(self) -> None:
        for kind, limit in ((OnDisk, self._limit), (InMemory, IN_MEMORY)):
            mine = [one for one in self._segments if isinstance(one.place, kind)]
            size = sum(one.size for one in mine)
            while size > limit and len(mine) > 1:
                size -= mine[0].size
                self._drop(mine.pop(0))

    def _drop(self, segment: Segment) -> None:
        """Let a segment go: what the hub has not got of it becomes a gap. When that cannot be
        written the file stays, for the next agent to find."""
        written = True
        first, last = segment.next_held(segment.first), segment.newest
        if first is not None and last is not None:
            gap = self._gap_of(segment, first, last)
            segment.forget(first, last)
            self.gaps.add(gap, self.next_held)
            written = self._save_gaps()
        self._remove(segment, file_too=written)

    def _gap_of(self, segment: Segment, first: int, last: int) -> Gap:
        try:
            samples = Contents(segment.place.read(), segment.first).samples
        except OSError:
            samples = {}
        begin, end = samples.get(first), samples.get(last)
        since = begin.ts if begin else segment.opened.at
        until = end.ts if end else self._ended(segment)
        return Gap(
            epoch=segment.epoch, first=first, last=last,
            since=min(since, until), until=max(since, until),
            at=end.at if end and until >= since else None, boot=segment.opened.boot,
        )  # fmt: skip

    def _lose(self, segment: Segment, contents: Contents) -> None:
        """Note what of a segment turns out to be damaged."""
        found = list(damage(segment, contents, self._ended(segment)))
        if found:
            _log.warning("the spool %s is damaged; what can be read is kept", self._folder)
        self._note(found)

    def _note(self, lost: list[Gap]) -> None:
        """Write the gaps down, and then that nobody waits for their samples any more."""
        for gap in lost:
            segment = self._segment(gap.first)
            if segment is not None:
                segment.forget(gap.first, gap.last)
            self.gaps.add(gap, self.next_held)
        if lost:
            self._save_gaps()
        for gap in lost:
            segment = self._segment(gap.first)
            if segment is not None:
                self._settle(segment, gap.first, gap.last)

    def _ended(self, segment: Segment) -> float:
        place = self._segments.index(segment) + 1
        return self._segments[place].opened.at if place < len(self._segments) else self._clock.now()

    # -- the disk -------------------------------------------------------------------------

    def _start(self) -> None:
        try:
            found = load(self._folder, self._boot)
            self._epoch = found.epoch or self._epoch
            self._segments, self.gaps = found.segments, found.gaps
            self._forget_what_was_told()
            self._note(found.lost)
            if not (found.goes_on and self._segments):
                self._begin(in_memory=False)
        except OSError as error:
            self._fall_back(error)
        self._tidy()

    def _forget_what_was_told(self) -> None:
        """The agent may have died after it wrote a gap down and before its samples went."""
        for segment in self._segments:
            for gap in self.gaps.of(segment.epoch):
                segment.forget(gap.first, gap.last)

    def _fall_back(self, error: OSError) -> None:
        """Go on in memory."""
        self._complain(error)
        self._epoch = secrets.token_hex(8)
        self._begin(in_memory=True)

    def _try_again(self) -> None:
        """Bring to the disk what waits in memory, the newest first: the disk then knows which
        numbers of the epoch are used, whatever becomes of the rest."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            for segment in reversed(self._segments):
                if isinstance(segment.place, InMemory):
                    path = self._path(segment.epoch, segment.first)
                    segment.place = OnDisk.create(path, segment.place.read())
            self._write_gaps()
        except OSError as error:
            self._complain(error)
            return
        self._tidy()
        self._retry_at = None
        _log.info("the spool %s can be written again", self._folder)

    def _save_gaps(self) -> bool:
        try:
            self._write_gaps()
        except OSError as error:
            self._complain(error)
            return False
        return True

    def _write_gaps(self) -> None:
        write_private(self._folder / GAPS, self.gaps.encode(), durable=False)

    def _complain(self, error: OSError) -> None:
        if self._retry_at is None:
            _log.warning(
                "the spool %s cannot be written: %s; until it can be, new samples wait in memory "
                "alone", self._folder, error.strerror,
            )  # fmt: skip
        self._retry_at = self._clock.monotonic() + RETRY_SECONDS
