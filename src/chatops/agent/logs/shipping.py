"""All logs that the agent ships: files, the journal, containers. Who ships none imports nothing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from chatops.agent.container_watch import ContainerWatch
from chatops.agent.engine import Engine
from chatops.agent.guard import Guard
from chatops.agent.logs.wanted import Wanted, WantedContainers, WantedFile, WantedUnits
from chatops.agent.shipper import Shipper
from chatops.clock import Clock
from chatops.tasks import Tasks

if TYPE_CHECKING:
    from chatops.agent.logs.containers import ContainerLogs
    from chatops.agent.logs.files import LogFiles
    from chatops.agent.logs.journals import Journals

SAY: Final = 0.5
"""Seconds between two looks for lines that were left out."""
W = TypeVar("W", bound=Wanted)
_log = logging.getLogger(__name__)


class ShippedLogs:
    """What is ``wanted``, with records in ``folder``. ``watch`` is None where containers are none
    of the hub's business."""

    def __init__(
        self, wanted: Sequence[Wanted], folder: Path, shipper: Shipper, clock: Clock
    ) -> None:
        self._wanted = wanted
        self._folder = folder
        self._shipper = shipper
        self._clock = clock
        self._sources: list[LogFiles | Journals | ContainerLogs] = []

    def start(
        self, tasks: Tasks, guard: Guard, engine: Engine, watch: ContainerWatch | None
    ) -> None:
        """Ship as long as the tasks run."""
        if files := self._of(WantedFile):
            self._sources.append(self._files(files))
        if units := self._of(WantedUnits):
            self._sources.append(self._journals(units, guard))
        containers = self._of(WantedContainers)
        if containers and watch is None:
            _log.warning("logs of containers are not shipped: docker is not allowed here")
        elif containers and watch is not None:
            self._sources.append(self._containers(containers, engine, watch))
        for source in self._sources:
            tasks.spawn(source.run(), name=type(source).__name__)
        if any(one.rate is not None for one in self._wanted):
            tasks.spawn(self._say_regularly(), name="lines left out")

    def say_left_out(self, until: float | None = None) -> bool:
        """Say how many lines were left out (``until``: as HeldLines does); whether there were
        any."""
        now = self._clock.now()
        held = [one for source in self._sources for one in source.sources]
        said = True in [one.say_left_out(now, until) for one in held]
        if said:
            self._shipper.wake()
        return said

    def close(self) -> None:
        """The agent ends."""
        for source in self._sources:
            source.close()

    async def _say_regularly(self) -> None:
        while True:
            await asyncio.sleep(SAY)
            self.say_left_out(self._clock.monotonic())

    def _of(self, kind: type[W]) -> list[W]:
        return [one for one in self._wanted if isinstance(one, kind)]

    def _files(self, wanted: list[WantedFile]) -> LogFiles:
        from chatops.agent.logs.files import LogFiles

        return LogFiles(wanted, self._folder, self._shipper, self._clock)

    def _journals(self, wanted: list[WantedUnits], guard: Guard) -> Journals:
        from chatops.agent.logs.journals import Journals

        return Journals(wanted, self._folder, guard, self._shipper, self._clock)

    def _containers(
        self, wanted: list[WantedContainers], engine: Engine, watch: ContainerWatch
    ) -> ContainerLogs:
        from chatops.agent.logs.containers import ContainerLogs

        return ContainerLogs(wanted, self._folder, engine, watch, self._shipper, self._clock)
