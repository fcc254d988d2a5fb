"""Runs blocking jobs off the event loop, each with a time limit that really holds.

A thread cannot be stopped, so one that hangs (statvfs of a dead network mount) is left
alone with its job: a fresh thread takes the rest, and the job is not started again until
its thread came back. So there are never more stray threads than jobs. In the usual case
one thread does everything, and the event loop is woken once a round.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import Any, Final

Job = Callable[[], Any]
_NO_THREAD: Final = "the system has no room for a thread"


class Round:
    """One pass over a list of jobs. ``results`` and ``missing`` fill as they end; ``seconds`` is
    how long each took.

    A job may answer with a mapping of further jobs, which are done in the same round.
    """

    def __init__(self, jobs: Mapping[str, Job], finished: Callable[[], None]) -> None:
        self.results: dict[str, Any] = {}
        self.missing: dict[str, str] = {}
        self.seconds: dict[str, float] = {}
        self.todo: deque[tuple[str, Job]] = deque(jobs.items())
        self.current: str | None = None
        self.started = 0.0
        self.finished = finished


class Jobs:
    """The threads, and which jobs have not come back to this day."""

    def __init__(self, limit: float) -> None:
        self.limit: Final = limit
        self._lock = threading.Lock()
        self._worker: _Worker | None = None
        self._stuck: set[str] = set()

    @property
    def stuck(self) -> frozenset[str]:
        """Jobs whose threads have not returned."""
        with self._lock:
            return frozenset(self._stuck)

    async def run(self, jobs: Mapping[str, Job]) -> Round:
        """Do all jobs; one that takes longer than the limit is named in ``missing``."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()

        def finish() -> None:
            try:
                loop.call_soon_threadsafe(_resolve, done)
            except RuntimeError:  # the loop was closed meanwhile
                return

        round_ = Round(jobs, finish)
        self._hand_over(round_)
        while not done.done():
            await asyncio.wait((done,), timeout=self._patience(round_))
            if not done.done():
                self._give_up_on_a_late_job(round_)
        return round_

    def close(self) -> None:
        """Let the idle thread end."""
        with self._lock:
            if self._worker is not None:
                self._worker.inbox.put(None)
                self._worker = None

    def _hand_over(self, round_: Round) -> None:
        with self._lock:
            self._employ(round_)

    def _employ(self, round_: Round) -> None:
        """Have a thread take what is to be done. Without room for one nothing more is."""
        try:
            self._worker = self._worker or _Worker(self)
        except RuntimeError:
            round_.missing.update((name, _NO_THREAD) for name, _job in round_.todo)
            round_.todo.clear()
            round_.finished()
        else:
            round_.started = time.monotonic()
            self._worker.inbox.put(round_)

    def _patience(self, round_: Round) -> float:
        with self._lock:
            return max(round_.started + self.limit - time.monotonic(), 0.0) + 0.001

    def _give_up_on_a_late_job(self, round_: Round) -> None:
        with self._lock:
            name = round_.current
            if name is None or time.monotonic() - round_.started < self.limit:
                return
            round_.missing[name] = self._no_answer()
            round_.seconds[name] = self.limit
            round_.current = None
            self._stuck.add(name)
            self._worker = None
            self._employ(round_)

    def _no_answer(self) -> str:
        return f"did not answer within {self.limit:g} s"

    # -- called by the workers ---------------------------------------------------------

    def next(self, worker: _Worker, round_: Round) -> tuple[str, Job] | None:
        """The next job for this worker; None when there is none, or another took over."""
        with self._lock:
            while worker is self._worker and round_.todo:
                name, job = round_.todo.popleft()
                if name in self._stuck:
                    round_.missing[name] = self._no_answer()
                    continue
                round_.current, round_.started = name, time.monotonic()
                return name, job
            round_.current = None
            return None

    def ended(
        self, worker: _Worker, round_: Round, name: str, result: Any, error: Exception | None
    ) -> bool:
        """Note what a job gave. False tells a worker that was given up on to end."""
        with self._lock:
            if worker is not self._worker:
                self._stuck.discard(name)
                return False
            took = time.monotonic() - round_.started
            round_.seconds[name] = round_.seconds.get(name, 0.0) + took
            if error is not None:
                round_.missing[name] = _sentence(error)
            elif isinstance(result, dict):
                round_.todo.extendleft(reversed(result.items()))
            else:
                round_.results[name] = result
            return True


class _Worker:
    """A daemon thread: it must not keep the process alive when it hangs."""

    def __init__(self, jobs: Jobs) -> None:
        self.inbox: SimpleQueue[Round | None] = SimpleQueue()
        self._jobs = jobs
        threading.Thread(target=self._work, name="chatops-sampler", daemon=True).start()

    def _work(self) -> None:
        while (round_ := self.inbox.get()) is not None:
            while (item := self._jobs.next(self, round_)) is not None:
                if not self._do(round_, *item):
                    return
            round_.finished()

    def _do(self, round_: Round, name: str, job: Job) -> bool:
        try:
            result = job()
        except Exception as error:  # noqa: BLE001  (whatever fails is reported, not raised here)
            return self._jobs.ended(self, round_, name, None, error)
        return self._jobs.ended(self, round_, name, result, None)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"{type(error).__name__}: {error}"[:200]
