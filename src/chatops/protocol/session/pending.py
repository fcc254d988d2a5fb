"""Requests that wait for an answer: each has an id, a deadline and an entry that goes away."""

from __future__ import annotations

import heapq
from typing import Final, Generic, TypeVar

from chatops.errors import Busy

T = TypeVar("T")
_SLACK: Final = 64


class Pending(Generic[T]):
    """Open requests by id. ``T`` is what waits (a future, a callback, in tests a string).

    Every entry leaves by exactly one of ``resolve``, ``expire`` and ``drain``.
    """

    __slots__ = ("_deadlines", "_entries", "_limit")

    def __init__(self, limit: int = 10_000) -> None:
        self._entries: dict[str, tuple[T, float]] = {}
        self._deadlines: list[tuple[float, str]] = []
        self._limit = limit

    def add(self, request_id: str, waiter: T, deadline: float) -> None:
        """Register a request that must be answered before ``deadline`` (monotonic seconds).

        Raises:
            Busy: too many are open.
            ValueError: the id is open already.
        """
        if len(self._entries) >= self._limit:
            raise Busy("too many requests to this agent are open", hint="try again shortly")
        if request_id in self._entries:
            raise ValueError(f"request {request_id} is open already")
        self._entries[request_id] = (waiter, deadline)
        heapq.heappush(self._deadlines, (deadline, request_id))
        if len(self._deadlines) > 2 * len(self._entries) + _SLACK:
            self._forget_answered()

    def resolve(self, request_id: str) -> T | None:
        """Take out the waiter of an answered request; None for an id that is not open."""
        entry = self._entries.pop(request_id, None)
        return entry[0] if entry else None

    def expire(self, now: float) -> list[tuple[str, T]]:
        """Take out everything whose deadline has come, in the order of deadlines."""
        gone: list[tuple[str, T]] = []
        while self._deadlines and self._deadlines[0][0] <= now:
            deadline, request_id = heapq.heappop(self._deadlines)
            entry = self._entries.get(request_id)
            if entry is not None and entry[1] == deadline:
                del self._entries[request_id]
                gone.append((request_id, entry[0]))
        return gone

    def next_deadline(self) -> float | None:
        """When ``expire`` will next have something; None when nothing is open."""
        while self._deadlines:
            deadline, request_id = self._deadlines[0]
            entry = self._entries.get(request_id)
            if entry is not None and entry[1] == deadline:
                return deadline
            heapq.heappop(self._deadlines)
        return None

    def drain(self) -> list[tuple[str, T]]:
        """Take out everything: the connection is gone."""
        gone = [(request_id, waiter) for request_id, (waiter, _) in self._entries.items()]
        self._entries.clear()
        self._deadlines.clear()
        return gone

    def _forget_answered(self) -> None:
        # Answered requests stay in the heap until their deadline, which may be hours away.
        self._deadlines = [(due, request_id) for request_id, (_, due) in self._entries.items()]
        heapq.heapify(self._deadlines)

    def __len__(self) -> int:
        return len(self._entries)
