"""What an earlier agent left in the spool's folder, whatever has become of it since."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.gaps import Gap, Gaps
from chatops.agent.losses import damage
from chatops.agent.segment import OnDisk, Segment, parts_of
from chatops.agent.spool_lines import MOST, Contents, Opened

GAPS: Final = "gaps"
"""The file of the gaps that the hub has not acked."""
_log = logging.getLogger(__name__)


class Found(NamedTuple):
    """The segments, the first of them first, and gaps. ``epoch`` is None when a number that was
    used may be among those to come; ``goes_on`` if the last segment can take more."""

    segments: list[Segment]
    gaps: Gaps
    lost: list[Gap]
    epoch: str | None
    goes_on: bool


def load(folder: Path, boot: str) -> Found:
    """Read the folder, which is made if it is not there; what does not belong there is left.

    Raises:
        OSError: it cannot be made or listed.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    names = sorted(path.name for path in folder.iterdir())
    gaps, found = _gaps(folder), _Reader(folder, boot)
    for name in reversed(names):
        if (parts := parts_of(name)) is not None and _is_file(folder / name):
            found.read(name, *parts)
        elif name.startswith(f".{GAPS}."):  # the agent died while it replaced the file
            OnDisk(str(folder / name)).remove()
    if found.lost or gaps.damaged:
        _log.warning("the spool %s is damaged; what can be read of it is kept", folder)
    return Found(found.segments[::-1], gaps, found.lost, found.epoch, found.goes_on)


class _Reader:
    """Reads segments, the last one first: each tells where the one before it has ended."""

    def __init__(self, folder: Path, boot: str) -> None:
        self.segments: list[Segment] = []
        self.lost: list[Gap] = []
        self.epoch: str | None = None
        self.goes_on = False
        self._folder = folder
        self._boot = boot

    def read(self, name: str, first: int, epoch: str) -> None:
        """Take the segment in a file."""
        path = self._folder / name
        place = OnDisk(str(path))
        data, changed = _bytes(place), path.stat().st_mtime
        contents = Contents(data, first)
        opened = contents.opened or Opened(at=changed, boot="", before=0)
        segment = Segment(place, epoch, first, opened, len(data) - contents.torn)
        following = self.segments[-1] if self.segments else None
        segment.load(contents, _end(contents, following))
        until = following.opened.at if following is not None else changed
        self.lost += damage(segment, contents, until)
        whole = _finish(place, len(data), contents.torn)
        if following is None:
            self._judge(segment, contents, whole=whole)
        self.segments.append(segment)

    def _judge(self, segment: Segment, contents: Contents, *, whole: bool) -> None:
        """Whether the numbers of the last segment's epoch may go on, and its file."""
        same_boot = segment.opened.boot == self._boot
        if contents.opened is not None and not contents.bad and (same_boot or contents.closed):
            self.epoch = segment.epoch
            self.goes_on = whole and same_boot and not segment.full


def _end(contents: Contents, following: Segment | None) -> int:
    """The number after the last one of a segment. Lines that cannot be read may be samples."""
    guess = min(contents.end + contents.bad, contents.first + MOST)
    if following is None:
        return guess
    unknown = not following.opened.boot  # to claim too much is no harm: the hub has what it acked
    if unknown or following.opened.before == contents.first:
        guess = max(guess, min(following.first, contents.first + MOST))
    return max(min(guess, following.first), contents.first)


def _bytes(place: OnDisk) -> bytes:
    try:
        return place.read()
    except OSError as error:
        _log.error("%s cannot be read: %s", place.path, error.strerror)
        return b""


def _finish(place: OnDisk, size: int, torn: int) -> bool:
    """Take a line away that was not finished; whether others can follow."""
    if torn:
        try:
            place.cut(size - torn)
        except OSError:
            return False
    return True


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _gaps(folder: Path) -> Gaps:
    try:
        return Gaps((folder / GAPS).read_bytes())
    except FileNotFoundError:
        return Gaps()
    except OSError:
        return Gaps(b"")
