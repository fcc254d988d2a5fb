"""Reads one part of the journal, from where it was left, and goes on with what comes.

Two journalctl take turns. The first reads what was written meanwhile, of all boots, and ends; the
second follows, which newer versions do in the present boot only. Their pipe is the brake: while
lines wait for the hub nothing is read, and they come to a stand.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import Final

from msgspec import Struct

from chatops.agent.guard import Guard
from chatops.agent.logs.joining import EntryJoiner
from chatops.agent.logs.journal_entries import JournalEntry, NoEntry
from chatops.agent.logs.journal_process import JournalProcess
from chatops.agent.logs.journalctl import NoJournal, arguments
from chatops.agent.logs.source import Entry, HeldLines
from chatops.agent.logs.wanted import WantedUnits
from chatops.agent.shipper import Shipper
from chatops.clock import Clock
from chatops.ids import new_id
from chatops.protocol.limits import KiB
from chatops.text import escape

HELD: Final = 256 * KiB
"""Bytes of lines that are held until they are acked, about."""
TOGETHER: Final = 1.0
"""Seconds that an entry of several lines waits for the next one."""
KEEP: Final = 1.0
"""Seconds between two writes of the record."""
GATHER: Final = 0.05
"""Seconds between two reads while little comes: to take each entry by itself costs several times as
much."""
RETRY: Final = 1.0
"""Seconds until a journal that could not be read is tried again."""
LONGEST: Final = 60.0
"""The same while it stays so."""
SETTLED: Final = 10.0
"""Seconds after which a reader that ended had worked."""
GONE: Final = "the place up to which this was read is gone from the journal; entries may be missing"
_MOST: Final = 8
"""Series of numbers that are remembered."""
_log = logging.getLogger(__name__)

Keep = Callable[[], Awaitable[None]]


class JournalSeen(Struct, kw_only=True):
    """How far a reader came. ``cursor`` is that of the last entry which need not be read again
    (None: there was none yet); ``epochs`` has our name of each series of numbers."""

    cursor: str | None = None
    epochs: dict[str, str] = {}

    def name(self, series: str) -> None:
        """Have a name for a series."""
        if series not in self.epochs:
            while len(self.epochs) >= _MOST:
                del self.epochs[next(iter(self.epochs))]
            self.epochs[series] = new_id()


class JournalReader:
    """What is ``wanted`` and named by none of the ``others``. ``seen`` is None until somebody
    looked; ``keep`` writes it down, and comes back when that is done."""

    def __init__(
        self,
        wanted: WantedUnits,
        others: Sequence[WantedUnits],
        seen: JournalSeen | None,
        guard: Guard,
        shipper: Shipper,
        keep: Keep,
        clock: Clock,
    ) -> None:
        self.seen = seen
        self._wanted = wanted
        self._others = others
        self._guard = guard
        self._shipper = shipper
        self._keep = keep
        self._clock = clock
        self._happened = asyncio.Event()
        self.source: Final = HeldLines(f"unit:{wanted.units[0]}", wanted, self._happened.set)
        self._joiner = EntryJoiner(wanted.entry)
        self._fed_at = 0.0
        self._read = seen.cursor if seen else None
        """The cursor of the last entry that was read."""
        self._epoch = ""
        self._lost = False
        """Whether something is to be said before the next entry."""
        self._changed = False
        self._kept_at = 0.0
        self._trouble: str | None = None
        shipper.add(self.source)

    async def run(self) -> None:
        """Read for ever."""
        pause = RETRY
        while True:
            began = self._clock.monotonic()
            try:
                await self._read_on()
            except (NoJournal, NoEntry, OSError) as error:
                self._complain(str(error))
            worked = self._clock.monotonic() - began >= SETTLED
            pause = RETRY if worked else min(pause * 2, LONGEST)
            await asyncio.sleep(pause)

    async def _read_on(self) -> None:
        """Read until something breaks.

        Raises:
            NoJournal, NoEntry: journalctl gave up, or is none.
            OSError: the record cannot be written.
        """
        units = self._wanted.exact
        if self.seen is None:
            await self._begin(units)
        if not await self._take_all(arguments(units, cursor=self._read), self._read):
            self._lost |= self._read is not None
        self._trouble = None
        await self._take_all(arguments(units, cursor=self._read, follow=True))

    async def _begin(self, units: tuple[str, ...]) -> None:
        """Nobody looked before: begin behind the last entry, or at the first one."""
        if not self._wanted.start:
            async with aclosing(self._pieces(arguments(units, last=1))) as pieces:
                async for entries in pieces:
                    self._read = entries[-1].cursor if entries else self._read
        self.seen = JournalSeen(cursor=self._read)
        await self._keep()

    async def _take_all(self, words: list[str], expected: str | None = None) -> bool:
        """Take what a journalctl gives; whether that was anything. The entry that was read last
        comes again; where it is ``expected`` and does not, something is missing."""
        came = False
        async with aclosing(self._pieces(words)) as pieces:
            async for entries in pieces:
                if entries and not came:
                    came, again = True, self._is_last(entries[0])
                    self._lost |= expected is not None and not again
                    entries = entries[1:] if again else entries
                await self._hand_over(entries)
        return came

    def _is_last(self, entry: JournalEntry) -> bool:
        """Whether it is the entry that was read last. Copied to the disk after the start of the
        host it gets another number: what lies behind that in its cursor tells it from others."""
        return self._read is not None and _what(self._read) == _what(entry.cursor)

    async def _pieces(self, words: list[str]) -> AsyncGenerator[list[JournalEntry]]:
        """What a journalctl gives, whenever there is room; nothing where something else happened.

        Raises:
            NoJournal, NoEntry: it ended with an error, or is none.
        """
        process = JournalProcess(words, self._guard, self._happened.set)
        try:
            while not process.ended:
                if self.source.size < HELD:
                    process.go_on()
                await self._something()
                yield process.take()
                if process.little:
                    await asyncio.sleep(GATHER)
            await process.ended_well()
        finally:
            process.close()

    async def _something(self) -> None:
        """Wait until there is something to do."""
        patience = TOGETHER if self._joiner.holds else KEEP if self._changed else None
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._happened.wait()
        self._happened.clear()

    # -- what comes --------------------------------------------------------------------------

    async def _hand_over(self, entries: list[JournalEntry]) -> None:
        """Have the source hold them; a new series has its name kept first. Naming one may have
        another one forgotten, so each is used when it is named."""
        assert self.seen is not None
        for entry in entries:
            if entry.series not in self.seen.epochs:
                self.seen.name(entry.series)
                await self._keep()
            self._take(entry)
        now = self._clock.monotonic()
        if self._joiner.holds and now - self._fed_at >= TOGETHER:
            self._hold(self._joiner.finish())
        if entries:
            self._shipper.wake()
        await self._note_place(now)

    def _take(self, entry: JournalEntry) -> None:
        assert self.seen is not None
        self._read = entry.cursor
        named = self._wanted.names(entry.unit)
        if not named or any(other.names(entry.unit) for other in self._others):
            return
        epoch = self.seen.epochs[entry.series]
        if epoch != self._epoch:
            self._hold(self._joiner.finish())
            self._epoch = epoch
        one = Entry(entry.line, entry.source, entry.ts, entry.level, entry.cursor)
        if self._lost:
            self._lost = False
            self.source.say(self._epoch, one, GONE, self._clock.now())
        self._fed_at = self._clock.monotonic()
        self._hold(self._joiner.feed(one))

    def _hold(self, entries: list[Entry]) -> None:
        if entries:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            self.source.take(self._epoch, entries, now, monotonic)

    async def _note_place(self, now: float) -> None:
        """Remember up to where all is acked, or was left out."""
        assert self.seen is not None
        idle = not self.source.size and not self._joiner.holds
        place = self._read if idle else self.source.mark or self.seen.cursor
        self._changed |= place != self.seen.cursor
        self.seen.cursor = place
        if self._changed and now - self._kept_at >= KEEP:
            await self._keep()
            self._kept_at, self._changed = now, False

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.warning("log unit:%s: %s", escape(",".join(self._wanted.units)), escape(trouble))
        self._trouble = trouble


def _what(cursor: str) -> str:
    """What of a cursor tells the entry itself: boot, times and a digest of its fields."""
    return cursor.partition(";b=")[2] or cursor
