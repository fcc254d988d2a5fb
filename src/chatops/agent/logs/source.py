"""The lines of a log that were read and are not acked yet, as the shipper sees them. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from chatops.agent.logs.formats import read
from chatops.agent.logs.lines import Line
from chatops.agent.logs.rate import Rate
from chatops.agent.logs.wanted import WantedFile
from chatops.agent.shipper import SourceLine
from chatops.protocol.parts import LogLine
from chatops.redaction import redact

STRUCK: Final = "***"
_OVERHEAD: Final = 300
"""Bytes that a line takes in memory beside its text, about."""


class _Held(NamedTuple):
    epoch: str
    line: SourceLine
    size: int


class FileSource:
    """One log. The place of a line is twice the offset behind it, so that there is one before it
    for what is said of those that are missing."""

    def __init__(self, name: str, wanted: WantedFile) -> None:
        self.size = 0
        """Bytes that are held, about."""
        self._name = name
        self._hide = wanted.hide
        self._rate = Rate(wanted.rate)
        self._held: deque[_Held] = deque()
        self._last = ""
        self._done: dict[str, int] = {}
        """Up to which place the hub has the epoch that was acked last."""
        self._acked: dict[str, int] = {}

    @property
    def epoch(self) -> str:
        """The generation of the oldest line that is held: another one is begun when all of it is
        acked, so that the hub gets them in order."""
        return self._held[0].epoch if self._held else self._last

    def take(self, epoch: str, lines: Iterable[Line], now: float, monotonic: float) -> None:
        """Lines that were read at ``now``; ``monotonic`` is a clock for rates."""
        done = self._done.get(epoch, 0)
        for line in lines:
            if line.end * 2 <= done:
                continue  # an agent before this one sent it, and was killed before it knew
            if self._rate.takes(monotonic):
                said = self._rate.said()
                if said is not None:
                    self._hold(epoch, line.end * 2 - 1, said, now, "warning")
                text = self._shown(line)
                ts, level = read(text, now)
                self._hold(epoch, line.end * 2, text, now if ts is None else ts, level or "info")

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
            self.size -= self._held.popleft().size
        self._last = epoch
        self._done = {epoch: seq}
        self._acked[epoch] = seq // 2

    def news(self) -> dict[str, int]:
        """Up to which offset each generation was acked since this was asked last."""
        acked, self._acked = self._acked, {}
        return acked

    def say(self, epoch: str, end: int, text: str, now: float) -> None:
        """Something that is to be known of the lines before ``end``."""
        self._hold(epoch, end * 2 - 1, text, now, "warning")

    def _shown(self, line: Line) -> str:
        text = redact(line.text)
        for pattern in self._hide:
            text = pattern.sub(STRUCK, text)
        return text

    def _hold(self, epoch: str, seq: int, text: str, ts: float, level: str) -> None:
        size = len(text) + _OVERHEAD
        one = SourceLine(self._name, LogLine(ts=ts, level=level, message=text, seq=seq))
        self._held.append(_Held(epoch, one, size))
        self.size += size
