"""Samples that the hub has not acked, and what was lost of them, as frames to be sent.

What must survive the agent is in ``Store``, the order of this session in ``Turns``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from chatops.agent.gaps import Gap
from chatops.agent.store import Store
from chatops.agent.turns import RESEND_SECONDS, Turns
from chatops.clock import Clock, SystemClock
from chatops.protocol import codec
from chatops.protocol.limits import MAX_UNACKED
from chatops.protocol.messages import Metrics, MetricsGap
from chatops.protocol.metrics import Sample

_DIGITS: Final = 3
"""An age is told to the millisecond."""


class Spool:
    """In a session the newest sample goes first, so that the hub's picture is live at once, and
    those left over from an outage follow, oldest first, each gap before what follows it. What is
    not acked for long is sent again: a hub that is busy lets samples go.

    ``folder`` is for the caller alone, ``size`` bounds the bytes in it.
    """

    def __init__(self, folder: Path, size: int, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._store = Store(folder, size, self._clock)
        self._turns = Turns(self._clock)
        self._told: Gap | None = None
        self._told_at = 0.0

    def __len__(self) -> int:
        return len(self._store)

    @property
    def epoch(self) -> str:
        """That of the next sample."""
        return self._store.epoch

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self._store.size

    @property
    def unacked(self) -> int:
        """Bytes of what the hub lacks, about; 0 when it has all samples."""
        return self._store.unacked

    @property
    def waiting(self) -> bool:
        """Whether the hub has not got everything."""
        return self._store.newest is not None or len(self._store.gaps) > 0

    def append(self, ts: float, at: float, sample: Sample) -> int:
        """Take a sample measured at ``ts`` (Unix seconds) and ``at`` (CLOCK_BOOTTIME); its
        number."""
        self._turns.take_back()
        if self._clock.monotonic() - self._told_at >= RESEND_SECONDS:
            self._told = None
        number = self._store.append(ts, at, sample)
        self._turns.add(number)
        return number

    def ack(self, epoch: str, seq: int) -> None:
        """The hub has committed a sample or a gap; what is unknown or was acked is no error."""
        told = self._told
        if told is not None and (told.epoch, told.last) == (epoch, seq):
            self._told = None
            self._store.gap_acked(told)
        self._store.settle(epoch, seq)
        if not self._store.holds(seq):
            self._turns.acked(seq)

    def restart(self, window: int = MAX_UNACKED) -> None:
        """A session begins: nothing counts as under way. ``window`` bounds what may be."""
        self._told = None
        self._turns.restart(window, self._store.newest)

    def next_live(self) -> str | None:
        """The next sample to send before all else; None when there is none or the window is
        full."""
        while (number := self._turns.next_live()) is not None:
            frame = self._sample(number)
            if frame is not None:
                return frame
        return None

    def next_old(self) -> str | None:
        """The next sample or gap left over from an outage."""
        while self._turns.room:
            number = self._turns.next_old(self._store.next_held)
            after = self._told.last if self._told else 0
            gap = self._store.gaps.first(after=after, before=number)
            if gap is not None:
                return self._gap(gap)
            frame = self._sample(number) if number is not None else None
            if frame is not None or number is None or self._store.holds(number):
                return frame
        return None

    def close(self) -> None:
        """The agent ends in order."""
        self._store.close()

    def _sample(self, number: int) -> str | None:
        """The frame of a sample, which is under way then; None when it cannot be read."""
        stored = self._store.get(number)
        if stored is None:
            return None
        self._turns.sent(number)
        return codec.encode(
            Metrics(epoch=stored.epoch, seq=number, ts=stored.ts, data=stored.sample,
                    age=self._age(stored.at), sent=self._sent())
        )  # fmt: skip

    def _gap(self, gap: Gap) -> str | None:
        """The frame of a gap. One is under way at a time, and none whose last sample is, so that
        it is clear what is acked."""
        if self._told is not None or self._turns.is_under_way(gap.last):
            return None
        self._told, self._told_at = gap, self._clock.monotonic()
        at = gap.at if gap.boot == self._store.boot else None
        return codec.encode(
            MetricsGap(epoch=gap.epoch, first=gap.first, last=gap.last, since=gap.since,
                       until=gap.until, age=self._age(at), sent=self._sent(), reason=gap.reason)
        )  # fmt: skip

    def _age(self, at: float | None) -> float | None:
        return None if at is None else round(max(self._clock.boottime() - at, 0.0), _DIGITS)

    def _sent(self) -> float:
        return round(self._clock.boottime(), _DIGITS)
