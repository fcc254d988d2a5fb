"""Background tasks with an owner: named, referenced, and never silently dead.

``asyncio.create_task`` is called here and nowhere else (a lint rule sees to it).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")
_log = logging.getLogger(__name__)


class Tasks:
    """The background tasks of one owner; closing the owner ends all of them.

    A task that fails is logged with its name. ``on_failure`` is called then, for owners
    that cannot live without the task.
    """

    def __init__(self, on_failure: Callable[[BaseException], None] | None = None) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._on_failure = on_failure

    def spawn(self, coro: Coroutine[Any, Any, T], *, name: str) -> asyncio.Task[T]:
        """Start ``coro`` as a task that this object keeps alive until it is done."""
        task = asyncio.create_task(coro, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def finished(self) -> None:
        """Wait until all have ended by themselves, also those that start meanwhile."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Cancel what still runs and wait for it to end."""
        current = asyncio.current_task()
        while todo := [task for task in self._tasks if task is not current]:
            for task in todo:
                task.cancel()
            await asyncio.gather(*todo, return_exceptions=True)
            self._tasks.difference_update(todo)

    def __len__(self) -> int:
        return len(self._tasks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            _log.error("task %s failed", task.get_name(), exc_info=error)
            if self._on_failure is not None:
                self._on_failure(error)
