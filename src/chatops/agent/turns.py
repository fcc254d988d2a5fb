"""Which sample is sent next: the newest first, then those of an outage, oldest first. Pure.

Numbers only; whether a sample is still held is asked. In memory are those under way, and the
few newest that are not: what waits longer is found again from the cursor on.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from chatops.clock import Clock
from chatops.protocol.limits import MAX_UNACKED

RESEND_SECONDS: Final = 30.0
"""After so long without an ack a sample is sent again in the same session."""

NextHeld = Callable[[int], int | None]
"""The first number from a given one on whose sample is held."""


class Turns:
    """What of the samples has been sent in this session, and what comes next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._window = MAX_UNACKED
        self._cursor = 0
        self._live: deque[int] = deque(maxlen=MAX_UNACKED)
        self._sent: dict[int, float] = {}

    def restart(self, window: int, newest: int | None) -> None:
        """A session begins: nothing is under way; ``window`` bounds what may be."""
        self._window = max(window, 1)
        self._cursor = 0
        self._sent.clear()
        self._live.clear()
        if newest is not None:
            self._live.append(newest)

    def add(self, number: int) -> None:
        """A new sample. Of too many that wait the oldest count as left over."""
        self._live.append(number)

    def is_under_way(self, number: int) -> bool:
        """Whether a sample was sent and its ack may come."""
        return number in self._sent

    def sent(self, number: int) -> None:
        """A sample goes out now."""
        self._sent[number] = self._clock.monotonic()

    def acked(self, number: int) -> None:
        """The hub has a sample."""
        self._sent.pop(number, None)

    def take_back(self) -> None:
        """Put samples in line again that were sent long ago: a busy hub lets some go."""
        old = self._clock.monotonic() - RESEND_SECONDS
        late = [number for number, at in self._sent.items() if at <= old]
        for number in late:
            del self._sent[number]
        self._cursor = min([self._cursor, *late])

    def next_live(self) -> int | None:
        """The newest sample that was not sent; None when there is none or the window is full."""
        return self._live.pop() if self._live and len(self._sent) < self._window else None

    @property
    def room(self) -> bool:
        """Whether one that is left over may go: half of the window is kept for live ones."""
        return len(self._sent) < max(self._window // 2, 1)

    def next_old(self, next_held: NextHeld) -> int | None:
        """The oldest sample that is left over and not under way. It stays in line until it is
        ``sent``."""
        number = next_held(self._cursor)
        while number in self._sent:
            number = next_held(number + 1)
        if number is None or (self._live and number >= self._live[0]):
            return None
        self._cursor = number
        return number
