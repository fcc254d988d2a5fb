"""Ships files: finds those that are wanted, reads what is new, and remembers what was acked.

All reading is done in one thread, as a disk can hang; what was read is handed to the sources in the
agent's own. The record is written before lines of a new generation go anywhere, so that no line is
ever given a second name.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from chatops.agent.jobs import Jobs
from chatops.agent.logs.follower import Entries, FileLog
from chatops.agent.logs.places import Seen
from chatops.agent.logs.record import LogRecord, name_of
from chatops.agent.logs.source import Entry, HeldLines
from chatops.agent.logs.wanted import MOST_FILES, WantedFile
from chatops.agent.shipper import Shipper
from chatops.clock import Clock, SystemClock
from chatops.protocol.limits import MiB
from chatops.text import escape

POLL: Final = 0.5
"""Seconds between two looks at files of which nothing new came."""
LOOK: Final = 5.0
"""Seconds between two looks for new files."""
KEEP: Final = 1.0
"""Seconds between two writes of the record."""
PATIENCE: Final = 30.0
"""Seconds that a round may take; while it takes longer no other is begun."""
HELD: Final = 1 * MiB
"""Bytes of lines of all files that are held until they are acked, about."""
GONE: Final = "a part of this log was gone before it was read"
CUT: Final = "this log was cut or replaced; lines written just before that may be missing"
LAST: Final = 2.0
"""Seconds that a round has to end when the agent does."""
_JOB: Final = "logs"
_log = logging.getLogger(__name__)


class _Followed:
    """One file, its reader and its source."""

    def __init__(self, path: Path, seen: Seen, wanted: WantedFile, *, start: bool) -> None:
        self.source = HeldLines(name_of(path), wanted)
        self.log = FileLog(path, seen, start=start, entry=wanted.entry)
        self.version = self.lost = self.cut = 0
        self.error: str | None = None


class _Piece(NamedTuple):
    followed: _Followed
    entries: Entries
    lost: bool
    cut: bool


class LogFiles:
    """All files that the agent ships."""

    def __init__(
        self,
        wanted: Sequence[WantedFile],
        folder: Path,
        shipper: Shipper,
        clock: Clock | None = None,
    ) -> None:
        self._wanted = wanted
        self._record = LogRecord(folder / "logs.json")
        self._shipper = shipper
        self._clock = clock or SystemClock()
        self._jobs = Jobs(PATIENCE)
        self._followed: dict[Path, _Followed] = {}
        self._new: list[_Followed] = []
        self._gone: list[_Followed] = []
        self._acked: dict[Path, dict[str, int]] = {}
        self._ready: deque[_Piece] = deque()
        """What was read, and whose places are kept."""
        self._unkept: list[_Piece] = []
        self._looked_at: float | None = None
        self._kept_at = 0.0
        self._changed = False
        self._stuck = self._too_many = False
        self._turn = threading.Lock()
        """Whoever has it may use the open files."""
        self._closed = False

    async def run(self) -> None:
        """Read for ever."""
        try:
            await self._read_on()
        finally:
            await self._keep_last()

    async def _read_on(self) -> None:
        while True:
            if not self._stuck:
                self._acked = self._news()
            round_ = await self._jobs.run({_JOB: self._round})
            self._note(round_.missing.get(_JOB))
            came = self._hand_over()
            await asyncio.sleep(0.0 if came and self._has_room() else POLL)

    async def _keep_last(self) -> None:
        """What was acked since the last round: else the next agent would read it again; and how
        much of each file is known, so that it can tell what is missing."""
        if not self._stuck:
            news = self._news()
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST):
                    await self._jobs.run({_JOB: lambda: self._last_round(news)})

    def _news(self) -> dict[Path, dict[str, int]]:
        return {path: one.source.news() for path, one in self._followed.items()}

    @property
    def sources(self) -> list[HeldLines]:
        """What holds the lines of each file."""
        return [one.source for one in self._followed.values()]

    def close(self) -> None:
        """The agent ends."""
        self._jobs.close()
        self._closed = True
        if self._turn.acquire(timeout=0.0 if self._stuck else LAST):
            for one in self._followed.values():
                one.log.close()
            self._turn.release()

    def _note(self, trouble: str | None) -> None:
        if trouble is not None and not self._stuck:
            _log.warning("logs cannot be read, or the record of them written: %s", trouble)
        self._stuck = trouble is not None

    def _hand_over(self) -> bool:
        """Give the sources what was read; whether there was anything."""
        now, monotonic = self._clock.now(), self._clock.monotonic()
        while self._new:
            self._shipper.add(self._new.pop(0).source)
        while self._gone:
            one = self._gone.pop()
            one.log.close()
            self._shipper.remove(one.source)
        came = bool(self._ready)
        while self._ready:
            followed, entries, lost, cut = self._ready.popleft()
            read = [Entry(line) for line in entries.lines]
            if lost:
                followed.source.say(entries.epoch, read[0], GONE, now)
            elif cut:
                followed.source.say(entries.epoch, read[0], CUT, now, "info")
            followed.source.take(entries.epoch, read, now, monotonic)
        if came:
            self._shipper.wake()
        return came

    def _has_room(self) -> bool:
        return sum(one.source.size for one in self._followed.values()) < HELD

    # -- in the thread -------------------------------------------------------------------

    def _round(self) -> None:
        with self._turn:
            if not self._closed:
                self._read_all()

    def _read_all(self) -> None:
        """One turn for each file: at most a piece of each, as long as there is room."""
        now = self._clock.monotonic()
        self._note_acks(self._acked)
        if self._looked_at is None or now - self._looked_at >= LOOK:
            self._find()
            self._looked_at = now
        if not self._unkept:
            self._unkept = self._read(now)
        new = any(one.version != one.log.version for one in self._followed.values())
        if new or (self._changed and now - self._kept_at >= KEEP):
            self._keep(now)
        self._ready.extend(self._unkept)
        self._unkept = []

    def _last_round(self, acks: dict[Path, dict[str, int]]) -> None:
        with self._turn:
            if not self._closed:
                self._note_acks(acks)
                self._keep(self._clock.monotonic())

    def _note_acks(self, acks: dict[Path, dict[str, int]]) -> None:
        for path, news in acks.items():
            for epoch, end in news.items():
                if path in self._followed:
                    self._changed |= self._followed[path].log.acked(epoch, end)

    def _find(self) -> None:
        """Follow what is new, and let go of what a glob no longer finds."""
        followed = dict(self._followed)
        named = set()
        for wanted in self._wanted:
            for path in wanted.paths(followed):
                named.add(path)
                if path not in followed:
                    self._follow(followed, path, wanted)
            self._changed |= name_of(wanted.pattern) not in self._record.patterns
            self._record.patterns |= {name_of(wanted.pattern)}
        for path in [path for path, one in followed.items() if one.log.is_over]:
            if path not in named and not followed[path].source.size:
                self._gone.append(followed.pop(path))
                self._record.files.pop(name_of(path), None)
        self._followed = followed  # another thread reads it: it is never changed

    def _follow(self, followed: dict[Path, _Followed], path: Path, wanted: WantedFile) -> None:
        if len(followed) >= MOST_FILES:
            if not self._too_many:
                _log.warning("more than %d logs: those that come later are not shipped", MOST_FILES)
            self._too_many = True
            return
        seen = self._record.files.get(name_of(path))
        made_since = seen is None and name_of(wanted.pattern) in self._record.patterns
        start = wanted.start or made_since
        followed[path] = _Followed(path, seen or Seen(), wanted, start=start)
        self._new.append(followed[path])

    def _read(self, now: float) -> list[_Piece]:
        pieces = []
        room = HELD - sum(one.source.size for one in self._followed.values())
        for one in self._followed.values():
            entries = one.log.poll(now) if room > 0 else None
            self._complain(one)
            if entries is not None:
                room -= sum(len(line.data) for line in entries.lines)
                lost, cut = one.log.lost > one.lost, one.log.cut > one.cut
                pieces.append(_Piece(one, entries, lost, cut))
                one.lost, one.cut = one.log.lost, one.log.cut
        return pieces

    def _keep(self, now: float) -> None:
        """Write the record.

        Raises:
            OSError: the disk does not take it; what was read waits until it does.
        """
        self._record.files = {name_of(path): one.log.seen for path, one in self._followed.items()}
        self._record.write()
        self._kept_at, self._changed = now, False
        for one in self._followed.values():
            one.version = one.log.version

    def _complain(self, one: _Followed) -> None:
        if one.log.error != one.error:
            one.error = one.log.error
            path = escape(str(one.log.path))
            if one.error is None:
                _log.info("log %s: found, and read", path)
            else:
                _log.warning("log %s: %s; waiting for it", path, one.error)
