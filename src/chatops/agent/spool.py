"""Samples that the hub has not acked yet, bounded: when it is full the oldest go.

This one is in memory: it bridges losses of the link, not the agent's own restart. Whoever
has the same methods with the same meaning can take its place.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from typing import Final

from chatops.clock import Clock, SystemClock
from chatops.protocol import codec
from chatops.protocol.limits import MAX_UNACKED
from chatops.protocol.messages import Metrics
from chatops.protocol.metrics import Sample

MAX_SAMPLES: Final = 720
"""An hour at the usual pace."""
MAX_BYTES: Final = 4 * 1024 * 1024
RESEND_SECONDS: Final = 30.0
"""After so long without an ack a sample is sent again in the same session."""


class Spool:
    """Samples by number, each as the text of its frame.

    In a session the newest sample goes first, so that the hub's picture is live at once, and
    those left over from an outage follow, oldest first. One that is not acked for long is sent
    again: a hub that is busy lets samples go. ``dropped`` counts what was lost here.
    """

    def __init__(
        self,
        max_samples: int = MAX_SAMPLES,
        max_bytes: int = MAX_BYTES,
        clock: Clock | None = None,
    ) -> None:
        self.epoch: Final = secrets.token_hex(8)
        self.dropped = 0
        self._max_samples = max_samples
        self._max_bytes = max_bytes
        self._clock = clock or SystemClock()
        self._window = MAX_UNACKED
        self._seq = 0
        self._bytes = 0
        self._frames: OrderedDict[int, str] = OrderedDict()
        self._live: list[int] = []
        self._backlog: list[int] = []
        self._sent: dict[int, float] = {}

    def __len__(self) -> int:
        return len(self._frames)

    @property
    def waiting(self) -> bool:
        """Whether samples have not been sent in this session."""
        return bool(self._live or self._backlog)

    def append(self, ts: float, sample: Sample) -> int:
        """Take a sample measured at ``ts`` (Unix seconds); its number."""
        self._take_back()
        self._seq += 1
        frame = codec.encode(Metrics(epoch=self.epoch, seq=self._seq, ts=ts, data=sample))
        self._frames[self._seq] = frame
        self._bytes += len(frame)
        self._live = [*self._live[1 - self._max_samples :], self._seq]
        while len(self._frames) > self._max_samples or (
            self._bytes > self._max_bytes and len(self._frames) > 1
        ):
            self._forget(next(iter(self._frames)))
            self.dropped += 1
        return self._seq

    def ack(self, epoch: str, seq: int) -> None:
        """The hub has committed a sample; one that is unknown or was acked before is no error."""
        if epoch == self.epoch:
            self._forget(seq)

    def restart(self, window: int = MAX_UNACKED) -> None:
        """A session begins: nothing counts as under way. ``window`` bounds what may be."""
        self._window = max(window, 1)
        self._sent.clear()
        waiting = list(self._frames)
        self._live = waiting[-1:]
        self._backlog = waiting[:-1][::-1]

    def next_live(self) -> str | None:
        """The next sample to send before all else; None when there is none or the window is
        full."""
        return self._pop(self._live, self._window)

    def next_old(self) -> str | None:
        """The next sample left over from an outage. Half of the window is kept for live ones,
        so that a backlog never delays them."""
        return self._pop(self._backlog, self._window // 2)

    def _pop(self, order: list[int], window: int) -> str | None:
        while order and len(self._sent) < window:
            seq = order.pop()
            frame = self._frames.get(seq)
            if frame is not None:
                self._sent[seq] = self._clock.monotonic()
                return frame
        return None

    def _take_back(self) -> None:
        """Put samples in line again that were sent long ago."""
        old = self._clock.monotonic() - RESEND_SECONDS
        late = [seq for seq, at in self._sent.items() if at <= old]
        for seq in late:
            del self._sent[seq]
        self._backlog = sorted([*self._backlog, *late], reverse=True) if late else self._backlog

    def _forget(self, seq: int) -> None:
        frame = self._frames.pop(seq, None)
        self._sent.pop(seq, None)
        if frame is not None:
            self._bytes -= len(frame)
