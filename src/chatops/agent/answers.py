"""Requests whose answers take time: worked out in threads, and sent when they are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from chatops.agent import snapshot
from chatops.agent.jobs import Job, Jobs
from chatops.protocol.messages import Message, SnapshotRequest, SnapshotResponse
from chatops.tasks import Tasks

LONGEST: Final = 6.0
"""Seconds that one part of an answer may take."""
MAX_WAITING: Final = 20
"""Requests that wait for their turn; they are answered one after the other."""

Post = Callable[[Message], None]


class Answers:
    """Answers the hub that asked, if it is still there."""

    def __init__(self) -> None:
        self._jobs = Jobs(LONGEST)
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._tasks: Tasks | None = None
        self._post: Post | None = None

    def connected(self, tasks: Tasks, post: Post) -> None:
        """A session stands. Answers go to ``post``; ``tasks`` end with the session."""
        self._tasks, self._post = tasks, post

    def disconnected(self) -> None:
        """It is gone, and with it whoever asked."""
        self._tasks = self._post = None

    def close(self) -> None:
        """Let the idle thread end."""
        self._jobs.close()

    def snapshot(self, request: SnapshotRequest) -> Message | None:
        """Begin to answer; where too many wait, answer at once that there is nothing to be had."""
        if self._tasks is None or self._waiting >= MAX_WAITING:
            return SnapshotResponse(id=request.id)
        self._waiting += 1
        self._tasks.spawn(self._snapshot(request), name="snapshot")
        return None

    async def _snapshot(self, request: SnapshotRequest) -> None:
        try:
            async with self._turn:
                found = await self._work_out(request)
            if self._post is not None:
                self._post(
                    SnapshotResponse(
                        id=request.id, journal=found.get("journal"), mount=found.get("mount")
                    )
                )
        finally:
            self._waiting -= 1

    async def _work_out(self, request: SnapshotRequest) -> dict[str, Any]:
        jobs: dict[str, Job] = {"journal": snapshot.journal}
        mount = request.mount
        if mount is not None:
            jobs["mount"] = lambda: snapshot.mount_use(mount)
        return (await self._jobs.run(jobs)).results
