"""Turns at work that only few can do at a time: those who wait are served address by address."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from chatops.errors import Busy

_Queue = deque["asyncio.Future[None]"]


class Turns:
    """``at_once`` may work. The others wait, ``each`` of one holder and ``total`` altogether.

    Holders take turns, so that who has one piece of work waits for no more than one of each
    other. When all places are taken, the newest of the longest queue has to give way.
    """

    def __init__(self, at_once: int, total: int, each: int, what: str) -> None:
        self._free = at_once
        self._total = total
        self._each = each
        self._what = what
        self._queues: OrderedDict[Hashable, _Queue] = OrderedDict()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self, holder: Hashable) -> AsyncIterator[None]:
        """Wait for a turn, and have it for as long as the block takes.

        Raises:
            Busy: the holder has too much waiting, or all have, and no place can be made.
        """
        if self._free:
            self._free -= 1
        else:
            await self._wait(holder)
        try:
            yield
        finally:
            self._pass_on()

    def __len__(self) -> int:
        return self._waiting

    async def _wait(self, holder: Hashable) -> None:
        future = self._line_up(holder)
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled() and future.exception() is None:
                self._pass_on()  # its turn had come at the same moment
            else:
                self._take_out(holder, future)
            raise

    def _line_up(self, holder: Hashable) -> asyncio.Future[None]:
        mine = len(self._queues.get(holder, ()))
        if mine >= self._each:
            raise self._busy()
        if self._waiting >= self._total:
            longest = max(self._queues, key=lambda one: len(self._queues[one]))
            if len(self._queues[longest]) <= mine + 1:
                raise self._busy()
            last = self._queues[longest][-1]
            self._take_out(longest, last)
            if not last.done():
                last.set_exception(self._busy())
        future = asyncio.get_running_loop().create_future()
        self._queues.setdefault(holder, deque()).append(future)
        self._waiting += 1
        return future

    def _pass_on(self) -> None:
        while self._queues:
            holder, queue = next(iter(self._queues.items()))
            future = queue[0]
            self._take_out(holder, future)
            if holder in self._queues:
                self._queues.move_to_end(holder)
            if not future.done():  # it may have been cancelled just now
                future.set_result(None)
                return
        self._free += 1

    def _take_out(self, holder: Hashable, future: asyncio.Future[None]) -> None:
        queue = self._queues.get(holder)
        if queue is None or future not in queue:
            return
        queue.remove(future)
        self._waiting -= 1
        if not queue:
            del self._queues[holder]

    def _busy(self) -> Busy:
        return Busy(f"too many {self._what} at once", hint="try again in a few seconds")
