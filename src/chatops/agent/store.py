"""The samples of the spool on disk, bounded: segments and gaps, and what to do without a disk.

Numbers go up through all segments, those of earlier epochs too. The last segment takes new
samples. One whose samples are all settled is removed; when there are too many bytes the
oldest segment goes and leaves a gap. While the disk takes nothing new ones wait in memory, in
an epoch of their own: should the agent die, nobody would know which numbers were used.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.boot import boot_id
from chatops.agent.gaps import Gap, Gaps
from chatops.agent.losses import damage, overflow
from chatops.agent.segment import InMemory, OnDisk, Place, Segment, name_of
from chatops.agent.shelf import Shelf
from chatops.agent.spool_lines import Contents, Opened, Taken, encode, sample_of
from chatops.agent.spool_load import GAPS, load
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
        self.boot: Final = boot_id()
        self._folder: Final = folder
        self._limit = limit
        self._piece = min(SEGMENT, limit // _PARTS)
        self._clock = clock
        self._shelf = Shelf()
        self._fresh: tuple[int, Stored] | None = None
        self._retry_at: float | None = None
        self._epoch = secrets.token_hex(8)
        self._start()

    def __len__(self) -> int:
        return len(self._shelf)

    @property
    def epoch(self) -> str:
        """That of samples to come."""
        return self._epoch

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(one.size for one in self._shelf.of(OnDisk))

    @property
    def unacked(self) -> int:
        """About how many bytes the samples take that are held."""
        return sum(one.unacked for one in self._shelf.segments)

    @property
    def newest(self) -> int | None:
        """The last sample that is held."""
        return self._shelf.newest

    def next_held(self, number: int) -> int | None:
        """The first sample from ``number`` on that is held."""
        return self._shelf.next_held(number)

    def holds(self, number: int) -> bool:
        """Whether a sample is held."""
        segment = self._shelf.find(number)
        return segment is not None and segment.holds(number)

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

    def get(self, number: int) -> Stored | None:
        """A sample that is held; None when it cannot be read, now or ever."""
        if self._fresh is not None and self._fresh[0] == number:
            return self._fresh[1]
        segment = self._shelf.find(number)
        if segment is None or not segment.holds(number):
            return None
        try:
            contents = self._shelf.read(segment, number)
        except OSError as error:
            _log.warning("the spool %s cannot be read now: %s", self._folder, error.strerror)
            return None
        held = contents.samples.get(number)
        sample = sample_of(held.text) if held is not None else None
        if held is None or sample is None:
            contents.samples.pop(number, None)
            self._lose(segment, contents)
            return None
        here = segment.opened.boot == self.boot
        return Stored(segment.epoch, held.ts, held.at if here else None, sample)

    def settle(self, epoch: str, number: int) -> None:
        """The hub has a sample; one that is unknown, or was settled before, is no error."""
        segment = self._shelf.find(number)
        if segment is not None and segment.epoch == epoch and segment.holds(number):
            self._settle(segment, number, number)

    def gap_acked(self, told: Gap) -> None:
        """The hub has committed a gap as it was told."""
        if self.gaps.acked(told):
            self._save_gaps()

    def close(self) -> None:
        """End in order: the next agent goes on with these numbers, on another boot too."""
        if self._retry_at is not None:
            self._try_again()
        place = self._shelf.last.place
        if isinstance(place, OnDisk):
            with contextlib.suppress(OSError):  # then the next one begins an epoch
                self._shelf.last.close()
                place.sync()
                sync_folder(self._folder)

    # -- the segments ---------------------------------------------------------------------

    def _start(self) -> None:
        try:
            found = load(self._folder, self.boot)
            self._epoch = found.epoch or self._epoch
            self._shelf.segments, self.gaps = found.segments, found.gaps
            self._forget_what_was_told()
            self._note(found.lost)
            if not found.goes_on:
                self._begin(in_memory=False)
        except OSError as error:
            self._fall_back(error)
        self._shelf.tidy()

    def _forget_what_was_told(self) -> None:
        """The agent may have died after it wrote a gap down and before its samples went."""
        for segment in self._shelf.segments:
            for gap in self.gaps.of(segment.epoch):
                segment.forget(gap.first, gap.last)

    def _add(self, ts: float, at: float, sample: Sample) -> int:
        last = self._shelf.last
        if last.size >= self._piece or last.full:
            self._begin(in_memory=isinstance(last.place, InMemory))
        last = self._shelf.last
        return last.add(encode(Taken(seq=last.end, ts=ts, at=at, data=sample)))

    def _begin(self, *, in_memory: bool) -> None:
        """Open the next segment."""
        last = self._shelf.last if self._shelf.segments else None
        first, before = (last.end, last.first) if last is not None else (1, 0)
        opened = Opened(at=self._clock.now(), boot=self.boot, before=before)
        line = encode(opened)
        place: Place = (
            InMemory(line) if in_memory else OnDisk.create(self._path(self.epoch, first), line)
        )
        self._shelf.segments.append(Segment(place, self.epoch, first, opened, len(line)))
        self._shelf.tidy()

    def _settle(self, segment: Segment, first: int, last: int) -> None:
        segment.settle(first, last)
        if not len(segment):
            self._shelf.tidy()

    def _path(self, epoch: str, first: int) -> str:
        return str(self._folder / name_of(epoch, first))

    # -- what is lost ---------------------------------------------------------------------

    def _keep_bounds(self) -> None:
        for kind, limit in ((OnDisk, self._limit), (InMemory, IN_MEMORY)):
            mine = self._shelf.of(kind)
            size = sum(one.size for one in mine)
            while size > limit and len(mine) > 1:
                size -= mine[0].size
                self._drop(mine.pop(0))

    def _drop(self, segment: Segment) -> None:
        """Let a segment go: what the hub has not of it becomes a gap. When that cannot be
        written the file stays, for the next agent to find."""
        gap = overflow(segment, self._shelf.ended(segment, self._clock.now()))
        written = True
        if gap is not None:
            segment.forget(gap.first, gap.last)
            self.gaps.add(gap, self.next_held)
            written = self._save_gaps()
        self._shelf.remove(segment, file_too=written)

    def _lose(self, segment: Segment, contents: Contents) -> None:
        """Note what of a segment turns out to be damaged."""
        _log.warning("the spool %s is damaged; what can be read of it is kept", self._folder)
        self._note(list(damage(segment, contents, self._shelf.ended(segment, self._clock.now()))))

    def _note(self, lost: list[Gap]) -> None:
        """Write gaps down, and then that nobody waits for their samples any more."""
        found = [(self._shelf.find(gap.first), gap) for gap in lost]
        for segment, gap in found:
            if segment is not None:
                segment.forget(gap.first, gap.last)
            self.gaps.add(gap, self.next_held)
        if lost:
            self._save_gaps()
        for segment, gap in found:
            if segment is not None:
                self._settle(segment, gap.first, gap.last)

    # -- the disk -------------------------------------------------------------------------

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
            for segment in reversed(self._shelf.of(InMemory)):
                path = self._path(segment.epoch, segment.first)
                segment.place = OnDisk.create(path, segment.place.read())
            self._write_gaps()
        except OSError as error:
            self._complain(error)
            return
        self._shelf.tidy()
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
                "the spool %s cannot be written: %s; till it can be, new samples wait in memory "
                "alone", self._folder, error.strerror,
            )  # fmt: skip
        self._retry_at = self._clock.monotonic() + RETRY_SECONDS
