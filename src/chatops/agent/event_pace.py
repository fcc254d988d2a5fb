"""How many events of one container become lines: the first ones all, then the newest now and then.
Pure: it is told the time, in monotonic seconds."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

from chatops.agent.event_words import ContainerEvent

BURST: Final = 30
"""Events of a container that become lines at once."""
EVERY: Final = 20.0
"""Seconds between its lines from then on."""
MOST: Final = 1000
"""Containers that are told apart; of more, the one longest quiet is forgotten."""


class Admitted(NamedTuple):
    """An event that becomes a line; ``left_out`` events of its container before it do not. Or one
    of these (not ``shown``)."""

    event: ContainerEvent
    left_out: int = 0
    shown: bool = True


class _Bucket:
    __slots__ = ("at", "held", "left_out", "level")

    def __init__(self, now: float) -> None:
        self.level, self.at = float(BURST), now
        self.held: ContainerEvent | None = None
        self.left_out = 0

    def take(self, now: float) -> bool:
        self.level = min(BURST, self.level + (now - self.at) / EVERY)
        self.at = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


class EventPace:
    """What is kept back is told later: the newest event of a container in any case."""

    def __init__(self) -> None:
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def admit(self, event: ContainerEvent, now: float) -> list[Admitted]:
        """What is decided now that an event comes. Kept back it may be, too."""
        bucket = self._buckets.setdefault(event.container, _Bucket(now))
        self._buckets.move_to_end(event.container)
        if bucket.held is None and bucket.take(now):
            return [Admitted(event), *self._forget()]
        passed = [] if bucket.held is None else [Admitted(bucket.held, shown=False)]
        bucket.left_out += len(passed)
        bucket.held = event
        return [*passed, *self._forget()]

    def due(self, now: float) -> list[Admitted]:
        """Those that were kept back and have room now."""
        held = [one for one in self._buckets.values() if one.held is not None]
        return [_released(one) for one in held if one.take(now)]

    def rest(self) -> list[Admitted]:
        """All that are kept back, for the end."""
        return [_released(one) for one in self._buckets.values() if one.held is not None]

    @property
    def holds(self) -> bool:
        """Whether something is kept back."""
        return any(one.held is not None for one in self._buckets.values())

    def _forget(self) -> list[Admitted]:
        if len(self._buckets) <= MOST:
            return []
        _, gone = self._buckets.popitem(last=False)
        return [_released(gone)] if gone.held is not None else []


def _released(bucket: _Bucket) -> Admitted:
    assert bucket.held is not None
    admitted = Admitted(bucket.held, bucket.left_out)
    bucket.held, bucket.left_out = None, 0
    return admitted
