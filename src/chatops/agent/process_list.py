"""The full list of processes, when the hub asks for it: looked up off the event loop, one request
after the other, answered in every case."""

from __future__ import annotations

import functools
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from chatops.agent.collectors.processes import Look, ProcessCollector
from chatops.agent.jobs import Jobs
from chatops.protocol import codec
from chatops.protocol.limits import MAX_AGENT_FRAME
from chatops.protocol.messages import Message, ProcessesRequest, ProcessesResponse
from chatops.protocol.metrics import Process
from chatops.tasks import Tasks

LIMIT: Final = 5.0
"""Seconds that a look may take: of a process that hangs in the kernel it can take for ever."""
WAITING: Final = 16
"""Requests that may wait; one more is refused."""
_JOB: Final = "processes"


class ProcessList:
    """Answers ``processes`` requests of the session that stands."""

    def __init__(self, collector: ProcessCollector) -> None:
        self._collector = collector
        self._jobs = Jobs(LIMIT)
        self._tasks = Tasks()
        self._asked: deque[ProcessesRequest] = deque()
        self._due: deque[str] = deque()
        self._working = False
        self._wake: Callable[[], None] | None = None

    def connected(self, wake: Callable[[], None]) -> None:
        """A session stands; ``wake`` tells it that there is something to send."""
        self._wake = wake

    def disconnected(self) -> None:
        """Who asked is gone."""
        self._wake = None
        self._asked.clear()
        self._due.clear()

    def ask(self, request: ProcessesRequest) -> Message | None:
        """Take a request; the answer when it cannot be taken."""
        if self._wake is None:
            return _failure(request, "there is no session to answer in")
        if len(self._asked) >= WAITING:
            return _failure(request, "too many lists of processes were asked for at once")
        self._asked.append(request)
        if not self._working:
            self._working = True
            self._tasks.spawn(self._work(), name="processes")
        return None

    def next_frame(self) -> str | None:
        """An answer that is to be sent."""
        return self._due.popleft() if self._due else None

    async def close(self) -> None:
        """Let everything end."""
        await self._tasks.close()
        self._jobs.close()

    async def _work(self) -> None:
        try:
            while self._asked:
                request = self._asked.popleft()
                answer = await self._answer(request)
                if self._wake is not None:
                    self._due.append(answer)
                    self._wake()
        finally:
            self._working = False
            self._jobs.close()  # nobody may ask again for days: no thread waits for it

    async def _answer(self, request: ProcessesRequest) -> str:
        round_ = await self._jobs.run({_JOB: functools.partial(self._list, request)})
        if _JOB not in round_.results:
            return codec.encode(_failure(request, round_.missing.get(_JOB, "no answer")))
        frame: str = round_.results[_JOB]
        return frame

    def _list(self, request: ProcessesRequest) -> str:
        """In the thread, to the last byte: of ten thousand processes it takes its time, and
        whatever fails is an answer."""
        return fitting(request, *self._collector.largest(request.sort, request.limit))


def fitting(request: ProcessesRequest, look: Look, processes: list[Process]) -> str:
    """The answer as a frame that a hub takes; of very many processes the first."""
    while True:
        answer = ProcessesResponse(
            id=request.id, ts=look.ts, total=len(look.seen), processes=processes
        )
        frame = codec.encode(answer)
        if len(frame.encode()) <= MAX_AGENT_FRAME:
            return frame
        processes = processes[: len(processes) * 3 // 4]


def _failure(request: ProcessesRequest, why: str) -> ProcessesResponse:
    return ProcessesResponse(id=request.id, ts=time.time(), error=why)
