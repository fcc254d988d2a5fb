"""The lines of a log that were read and are not acked yet, as the shipper sees them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

from chatops.agent.logs.lines import Line
from chatops.agent.logs.rate import Rate
from chatops.agent.logs.wanted import Wanted
from chatops.agent.shipper import SourceLine
from chatops.protocol.line_formats import read
from chatops.protocol.parts import LogLine
from chatops.redaction import STRUCK, KeyBlocks, redact

SAID_AFTER: Final = 1.0
"""Seconds after which it is said that lines were left out, if no line comes before that."""
_OVERHEAD: Final = 300
"""Bytes that a line takes in memory beside its text, about."""


class Entry(NamedTuple):
    """What was read, and what is known of it besides its text: where it comes from (None: from the
    source itself), its time (Unix seconds) and level (None: as the text says), and a ``mark`` by
    which the source's reader knows its place."""

    line: Line
    source: str | None = None
    ts: float | None = None
    level: str | None = None
    mark: Any = None


class _Held(NamedTuple):
    """``entry`` is None for what is said of others: they come after it, and may come again. It is
    the last one that was left out where that is said: then none of those comes again."""

    epoch: str
    line: SourceLine
    size: int
    entry: Entry | None


class _LeftOut(NamedTuple):
    epoch: str
    last: Entry
    since: float


class HeldLines:
    """One source. The place of a line is twice what ends it in its log (an offset, a number), so
    that there is one before it for what is said of those that are missing. ``acked_now`` is called
    after an ack."""

    def __init__(
        self, name: str, wanted: Wanted, acked_now: Callable[[], None] | None = None
    ) -> None:
        self.size = 0
        """Bytes that are held, about; also while something is still to be said."""
        self.mark: Any = None
        """That of the last entry which the hub has."""
        self._name = name
        self._hide = wanted.hide
        self._rate = Rate(wanted.rate)
        self._left_out: _LeftOut | None = None
        self._acked_now = acked_now
        self._held: deque[_Held] = deque()
        self._keys: dict[str, KeyBlocks] = {}
        """The sources that are in the middle of a private key."""
        self._last = ""
        self._done: dict[str, int] = {}
        """Up to which place the hub has the epoch that was acked last."""
        self._acked: dict[str, int] = {}

    @property
    def epoch(self) -> str:
        """The generation of the oldest line that is held: another one is begun when all of it is
        acked, so that the hub gets them in order."""
        return self._held[0].epoch if self._held else self._last

    def take(self, epoch: str, entries: Iterable[Entry], now: float, monotonic: float) -> None:
        """Entries that were read at ``now``; ``monotonic`` is a clock for rates."""
        done = self._done.get(epoch, 0)
        for entry in entries:
            text = self._without_keys(entry)
            end = entry.line.end * 2
            if end <= done:
                continue  # an agent before this one sent it, and was killed before it knew
            if self._left_out is not None and self._left_out.epoch != epoch:
                self.say_left_out(now)
            if self._rate.takes(monotonic):
                self.say_left_out(now)
                self._hold(epoch, entry.source, self._line(entry, text, now), entry)
            else:
                self._leave_out(epoch, entry, monotonic)

    def _leave_out(self, epoch: str, entry: Entry, monotonic: float) -> None:
        if self._left_out is None:
            self._left_out = _LeftOut(epoch, entry, monotonic)
            self.size += _OVERHEAD
        self._left_out = self._left_out._replace(last=entry)

    def say_left_out(self, now: float, until: float | None = None) -> bool:
        """Say how many lines were left out, in the place of the last one, if there are any; with
        ``until`` (of the clock for rates) only if the first was SAID_AFTER before that. Whether
        something was said."""
        left = self._left_out
        if left is None or (until is not None and until - left.since < SAID_AFTER):
            return False
        self._left_out = None
        self.size -= _OVERHEAD
        line = LogLine(
            ts=now, level="warning", message=self._rate.said(), seq=left.last.line.end * 2
        )
        self._hold(left.epoch, left.last.source, line, left.last)
        return True

    def after(self, seq: int) -> Iterator[SourceLine]:
        """Part of LogSource: what there is of this epoch behind a place."""
        epoch = self.epoch
        for held in self._held:
            if held.epoch != epoch:
                return
            if held.line.line.seq > seq:
                yield held.line

    def acked(self, seq: int) -> None:
        """Part of LogSource: the hub has the lines of this epoch up to there."""
        epoch = self.epoch
        while self._held and self._held[0].epoch == epoch and self._held[0].line.line.seq <= seq:
            held = self._held.popleft()
            self.size -= held.size
            if held.entry is not None:
                self.mark = held.entry.mark
                self._acked[epoch] = held.entry.line.end
        self._last = epoch
        self._done = {epoch: seq}
        if self._acked_now is not None:
            self._acked_now()

    def news(self) -> dict[str, int]:
        """Up to which end each generation was acked since this was asked last."""
        acked, self._acked = self._acked, {}
        return acked

    def say(self, epoch: str, before: Entry, text: str, now: float, level: str = "warning") -> None:
        """Something that is to be known of what came before an entry. There is one place for it:
        what else was said there stands in the same line."""
        self.say_left_out(now)  # they have a place of their own before that
        seq = before.line.end * 2 - 1
        last = self._held[-1] if self._held else None
        if last is not None and (last.epoch, last.line.line.seq) == (epoch, seq):
            self.size -= self._held.pop().size
            text = f"{last.line.line.message}; {text}"
        line = LogLine(ts=now, level=level, message=text, seq=seq)
        self._hold(epoch, before.source, line, None)

    def _line(self, entry: Entry, text: str, now: float) -> LogLine:
        ts, level = entry.ts, entry.level
        if ts is None or level is None:
            says = read(text, now)  # as it was written: what was struck out may be part of JSON
            ts, level = says.ts if ts is None else ts, level or says.level
        return LogLine(
            ts=now if ts is None else ts, level=level or "info", message=self._shown(text),
            seq=entry.line.end * 2,
        )  # fmt: skip

    def _without_keys(self, entry: Entry) -> str:
        """Its text without lines of a private key: all lines are to be seen here, also those
        that are not sent."""
        source = entry.source or self._name
        keys = self._keys.pop(source, None) or KeyBlocks()
        text = keys.strike(entry.line.text)
        if keys.is_open:
            self._keys[source] = keys
        return text

    def _shown(self, text: str) -> str:
        text = redact(text)
        for pattern in self._hide:
            text = pattern.sub(STRUCK, text)
        return text

    def _hold(self, epoch: str, source: str | None, line: LogLine, entry: Entry | None) -> None:
        size = len(line.message) + _OVERHEAD
        self._held.append(_Held(epoch, SourceLine(source or self._name, line), size, entry))
        self.size += size
