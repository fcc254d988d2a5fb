"""Which commands of a run may start now. Pure.

    waiting ──start──► under way ──over──► done
       └──abandon──────────────────────────►┘

At most ``parallel`` are under way at a time. With ``batch`` the next so many begin when all
those before them are over (a rolling update). Once ``max_failures`` ran and did not succeed
nothing more is started. Servers that cannot run the command have no part in this.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable


class RunPlan:
    """The order of one run."""

    def __init__(
        self,
        waiting: Iterable[str],
        *,
        parallel: int,
        batch: int | None = None,
        max_failures: int | None = None,
        under_way: Iterable[str] = (),
        failures: int = 0,
    ) -> None:
        self._waiting = deque(waiting)
        self._under_way = set(under_way)
        self._parallel = parallel
        self._batch = batch
        self._left_in_batch = 0
        self._max_failures = max_failures
        self.failures = failures

    @property
    def waiting(self) -> int:
        """How many have not started."""
        return len(self._waiting)

    @property
    def exhausted(self) -> bool:
        """Whether so many failed that nothing more may start."""
        return self._max_failures is not None and self.failures >= self._max_failures

    def start(self) -> list[str]:
        """Those that may start now; they count as under way from here on."""
        if not self._under_way:
            self._left_in_batch = len(self._waiting) if self._batch is None else self._batch
        room = min(self._parallel - len(self._under_way), len(self._waiting))
        if self._batch is not None:
            room = min(room, self._left_in_batch)
        if self.exhausted or room <= 0:
            return []
        chosen = [self._waiting.popleft() for _ in range(room)]
        self._under_way.update(chosen)
        self._left_in_batch -= room
        return chosen

    def over(self, command_id: str, *, failed: bool) -> None:
        """A command is over; of one that is not under way this says nothing new."""
        if command_id in self._under_way:
            self._under_way.discard(command_id)
            self.failures += failed

    def abandon(self, command_id: str | None = None) -> list[str]:
        """Take out one that waits, or all that do: they will not start. Those taken out."""
        if command_id is None:
            gone = list(self._waiting)
            self._waiting.clear()
        else:
            gone = [one for one in self._waiting if one == command_id]
            self._waiting = deque(one for one in self._waiting if one != command_id)
        return gone
