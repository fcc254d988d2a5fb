"""Follows one log over all its files: renamed, copied and cut, deleted, and begun again.

The follower reads; what became of the entries it is told with ``acked``. Its places are what has to
be kept: another follower with the same places goes on behind the last entry that was acked.
"""

from __future__ import annotations

import os
import re
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.logs import places as where
from chatops.agent.logs.directory import (
    NoFile,
    Opener,
    identity,
    look,
    older,
    open_log,
    open_plainly,
)
from chatops.agent.logs.joining import Joiner
from chatops.agent.logs.lines import Cutter, Line, LineSplitter
from chatops.agent.logs.places import Found, Place, Seen

PIECE: Final = 64 * 1024
"""Bytes that are read at a time."""
LAST_WORDS: Final = 60.0
"""Seconds that a file is kept open after it was renamed and read: some writers are slow to go."""
AGAIN: Final = 5.0
"""Seconds between two looks for the older files of a log that is not there."""
TOGETHER: Final = 1.0
"""Seconds that an entry of several lines waits for the next one."""


_OPEN: Final = Path()
"""An open file has no path that matters."""


class Entries(NamedTuple):
    """What was read of one generation (``epoch``) of a log; each has the offset behind it."""

    epoch: str
    lines: list[Line]


class _Reading:
    """One generation while it is read."""

    def __init__(
        self,
        place: Place,
        descriptor: int,
        start: re.Pattern[str] | None,
        now: float,
        cutter: Callable[[int], Cutter],
    ) -> None:
        self.place = place
        self.retired_at: float | None = None
        self._descriptor = descriptor
        self._splitter = cutter(place.offset)
        self._joiner = Joiner(start)
        self._fed_at = now

    @property
    def is_acked(self) -> bool:
        """Whether nothing of what was read may have to be read again."""
        return self.place.offset >= self._splitter.position

    @property
    def is_read(self) -> bool:
        """Whether nothing was seen in it that was not read."""
        return self._splitter.position >= self.place.known

    def holds(self) -> bool:
        """Whether the open file is still this generation, and was not cut."""
        try:
            found = look(_OPEN, self._descriptor)
        except NoFile:
            return False
        if found.size < self._splitter.position or not self.place.begins(found.head):
            return False
        self.place.note(found)
        return True

    def read(self, now: float) -> list[Line]:
        """The next entries; none at the end of the file.

        Raises:
            NoFile: it is not the same file any more, or cannot be read.
        """
        data = self._piece()
        if data:
            self._fed_at = now
        lines = [one for line in self._splitter.feed(data) for one in self._joiner.feed(line)]
        if not data and self._joiner.holds and now - self._fed_at >= TOGETHER:
            return self._joiner.finish()
        return lines

    def finish(self) -> list[Line]:
        """What waits for an end that will not come: another file has taken this one's place."""
        last = [one for line in self._splitter.finish() for one in self._joiner.feed(line)]
        return last + self._joiner.finish()

    def move(self, descriptor: int, found: Found) -> None:
        """Go on in another file that holds the same."""
        self.close()
        self._descriptor = descriptor
        self.place.note(found)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _piece(self) -> bytes:
        position = self._splitter.position
        try:
            data = os.pread(self._descriptor, PIECE, position)
        except OSError as error:
            raise NoFile((error.strerror or "it cannot be read").lower()) from None
        found = look(_OPEN, self._descriptor)  # after the read: it may have been cut meanwhile
        if found.size < position + len(data) or not self.place.begins(found.head):
            raise NoFile("it was cut")
        if data and not self.place.head_size:
            raise NoFile("it was empty, and may have been filled, copied and cut before this")
        if found.size == position and found.mtime != self.place.read_at:
            raise NoFile("it was touched: cut, and filled to the same length, or to nothing")
        self.place.note(found)
        return data


class FileLog:
    """One log. ``start``: begin at its first line, not at its end, where nobody looked yet.
    ``entry`` is the pattern of the first line of an entry. ``opener`` opens its files, ``cutter``
    cuts them, from an offset on.

    ``lost`` counts generations of which something is known that was never read, ``cut`` those that
    were read as far as they are known, but may have been written to just before they were cut or
    replaced. ``version`` rises when there are other places than before: they are to be kept before
    what was read there is sent.
    """

    def __init__(
        self,
        path: Path,
        seen: Seen,
        *,
        start: bool = False,
        entry: re.Pattern[str] | None = None,
        opener: Opener = open_plainly,
        cutter: Callable[[int], Cutter] = LineSplitter,
    ) -> None:
        self.path = path
        self.lost = self.cut = self.version = 0
        self.error: str | None = None
        """Why there is nothing to read; None while there is."""
        self._seen = seen
        self._start = start
        self._entry = entry
        self._opener = opener
        self._cutter = cutter
        self._readings: list[_Reading] = []
        self._last: deque[Entries] = deque()
        """What waited for more in generations that are gone."""
        self._looked_at = 0.0
        self._current: tuple[int, int] | None = None
        """The file that was at the path when it was last looked for."""

    @property
    def seen(self) -> Seen:
        """What has to be kept."""
        if self._readings:
            self._seen.places = [one.place for one in self._readings]
            self._seen.note(*(one.read_at for one in self._seen.places))
        return self._seen

    def poll(self, now: float) -> Entries | None:
        """The next entries, the oldest first; None when there is nothing new. ``now`` is seconds
        of a clock that nobody sets."""
        found = self._next(now)
        if found is None and self._is_to_look(now):
            self._look(now)
            found = self._next(now)
        return found

    @property
    def is_over(self) -> bool:
        """Whether there is no file, and all that was read is acked."""
        return self.error is not None and all(one.is_acked for one in self._readings)

    def acked(self, epoch: str, end: int) -> bool:
        """The hub has all entries of a generation up to there; whether that is news."""
        for reading in self._readings:
            if reading.place.id == epoch and end > reading.place.offset:
                reading.place.offset = end
                return True
        return False

    def rewind(self) -> None:
        """Read again what was not acked."""
        self._seen = self.seen
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        for reading in self._readings:
            reading.close()
        self._readings = []
        self._current = None

    # -- reading -----------------------------------------------------------------------------

    def _next(self, now: float) -> Entries | None:
        if self._last:
            return self._last.popleft()
        for reading in list(self._readings):
            try:
                lines = reading.read(now)
            except NoFile:
                self._current = None  # and so it is looked for again
                return None
            if not lines and reading is not self._readings[-1]:
                lines = self._retire(reading, now)
            if lines:
                return Entries(reading.place.id, lines)
        return None

    def _retire(self, reading: _Reading, now: float) -> list[Line]:
        """A file that is no longer the log's and is read to its end is kept for a while."""
        if reading.retired_at is None:
            reading.retired_at = now
            return reading.finish()
        if now - reading.retired_at >= LAST_WORDS and reading.is_acked:
            self._readings.remove(reading)
            reading.close()
            self.version += 1
        return []

    # -- looking for the files -----------------------------------------------------------------

    def _is_to_look(self, now: float) -> bool:
        there = identity(self.path)
        if there is None and self.error is not None:
            return now - self._looked_at >= AGAIN
        return self._current is None or self._current != there

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            descriptor, current = open_log(self.path, self._opener)
        except NoFile as error:
            self.error = str(error)
            self._current = None
            if self._seen.until is None:  # what is made later is new from its first line on
                self._seen.note(0, *(one.mtime + 1 for one in older(self.path, self._opener)))
            self._follow(None, now)
            return
        os.close(descriptor)
        self.error = None
        self._current = (current.device, current.inode)
        if self._seen.until is None:
            self._seen.places = [where.first_place(current, start=self._start)]
            self._seen.note(current.mtime)
            self.version += 1
        self._follow(current, now)

    def _follow(self, current: Found | None, now: float) -> None:
        """Read where the places are now: by the files that are open, as far as they still hold."""
        plan = where.plan(self.seen, current, older(self.path, self._opener))
        before = {one.place.id: one for one in self._readings}
        holding = {key for key, one in before.items() if one.place.head_size and one.holds()}
        files = [(place, file) for place, file in plan.reading if place.id not in holding]
        try:
            opened = self._open_all([file for _, file in files])
        except NoFile:
            self._current = None  # renamed again meanwhile: the next look finds it
            return
        there = {key: before[key] for key in holding}
        for (place, file), descriptor in zip(files, opened, strict=True):
            if place.id in before:
                before[place.id].move(descriptor, file)
                there[place.id] = before[place.id]
            else:
                place.note(file)  # it may have been written since: that is no touch
                reading = _Reading(place, descriptor, self._entry, now, self._cutter)
                there[place.id] = reading
        for place in plan.lost:
            if place.id not in there:
                self._lose(place, before.get(place.id))
        self._take(there, [*self._seen.places, *(place for place, _ in files)])

    def _lose(self, place: Place, reading: _Reading | None) -> None:
        """Nothing more of a generation can be read."""
        if not (reading.is_read if reading else place.offset >= place.known):
            self.lost += 1
            return
        self.cut += 1
        if reading and (lines := reading.finish()):
            self._last.append(Entries(place.id, lines))

    def _take(self, there: dict[str, _Reading], places: list[Place]) -> None:
        """What is read from now on, in the order of ``places``."""
        known = [place.id for place in self._seen.places]
        for reading in self._readings:
            if reading.place.id not in there:
                reading.close()
        order = dict.fromkeys(place.id for place in places)
        self._readings = [there[key] for key in order if key in there]
        self._seen.places = [one.place for one in self._readings]
        if [place.id for place in self._seen.places] != known:
            self.version += 1

    def _open_all(self, files: list[Found]) -> list[int]:
        """Descriptors of files.

        Raises:
            NoFile: one of them is another one by now; none is left open.
        """
        with ExitStack() as undo:
            opened = []
            for file in files:
                descriptor, there = open_log(file.path, self._opener)
                undo.callback(os.close, descriptor)
                if (there.device, there.inode) != (file.device, file.inode):
                    raise NoFile("it is another file by now")
                opened.append(descriptor)
            undo.pop_all()
        return opened
