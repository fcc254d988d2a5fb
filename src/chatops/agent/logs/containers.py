"""Ships the logs of containers: finds those that are wanted, has each read by a task of its own (a
socket, no thread), and remembers what was acked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from chatops.agent.container_watch import RUNNING, ContainerWatch
from chatops.agent.engine import Engine
from chatops.agent.event_words import ContainerEvent
from chatops.agent.jobs import Jobs
from chatops.agent.logs.container_lines import Place, at_end
from chatops.agent.logs.container_reader import ContainerReader, ContainerSeen
from chatops.agent.logs.record import read_record, write_record
from chatops.agent.logs.source import HeldLines
from chatops.agent.logs.wanted import WantedContainers
from chatops.agent.shipper import Shipper
from chatops.clock import Clock, SystemClock
from chatops.protocol.limits import MiB
from chatops.protocol.metrics import Container
from chatops.tasks import Tasks

MOST: Final = 100
"""Containers that are followed at a time."""
LOOK: Final = 1.0
"""Seconds between two looks at which containers there are, and two writes of the record."""
UNSEEN: Final = 30.0
"""Seconds that a container counts as one which was started, while no look has found it."""
GATHER: Final = 0.1
"""Seconds that lines wait for those of other containers, to be sent together."""
HELD: Final = 1 * MiB
"""Bytes of lines of all containers that are held until they are acked, about."""
_PATIENCE: Final = 30.0
_JOB: Final = "containers"
_log = logging.getLogger(__name__)


class _Record(Struct, kw_only=True):
    """``patterns``: for which names was looked: what is new among those was made since."""

    patterns: set[str] = set()
    containers: dict[str, ContainerSeen] = {}


class ContainerLogs:
    """All containers whose logs the agent ships."""

    def __init__(
        self,
        wanted: Sequence[WantedContainers],
        folder: Path,
        engine: Engine,
        watch: ContainerWatch,
        shipper: Shipper,
        clock: Clock | None = None,
    ) -> None:
        self._wanted = wanted
        self._path = folder / "containers.json"
        self._engine = engine
        self._watch = watch
        self._shipper = shipper
        self._clock = clock or SystemClock()
        self._record = read_record(self._path, _Record) or _Record()
        self._jobs = Jobs(_PATIENCE)
        self._tasks = Tasks()
        self._readers: dict[str, ContainerReader] = {}
        self._reading: dict[str, asyncio.Task[None]] = {}
        self._removed: set[str] = set()
        self._read_out: set[str] = set()
        """Those that rest: all is read and acked. They need no reader until they run again."""
        self._started: dict[str, tuple[str, float]] = {}
        """Names of those that were started since the last look at all, and when."""
        self._soon = asyncio.Event()
        self._moved = asyncio.Event()
        self._waking: asyncio.TimerHandle | None = None
        self._changed = False
        self._trouble: str | None = None
        self._too_many = False
        watch.listener = self._note

    async def run(self) -> None:
        """Read for ever."""
        async with self._tasks:
            while True:
                known = self._watch.known()
                if known is not None:
                    await self._look({**self._just_started(known), **known})
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await self._soon.wait()
                self._soon.clear()

    @property
    def sources(self) -> list[HeldLines]:
        """What holds the lines of each container."""
        return [one.source for one in self._readers.values()]

    def close(self) -> None:
        """The agent ends."""
        if self._waking is not None:
            self._waking.cancel()
        self._watch.listener = None
        self._jobs.close()

    # -- which containers ----------------------------------------------------------------------

    async def _look(self, known: Mapping[str, Container]) -> None:
        """Read what is new, and let go of what is gone. A new one is written down before it is
        read, so that no line is ever given a second name."""
        for key, reader in list(self._readers.items()):
            if key in known:
                reader.seen.name = known[key].name
                reader.running = known[key].state in RUNNING
                if reader.running and reader.rests:
                    reader.started()
            else:
                self._let_go(key, reader)
        self._retire()
        self._find(known)
        self._forget(known)
        for reader in self._readers.values():
            self._changed |= reader.note_place()
        if not self._changed or await self._keep():
            for key in self._readers.keys() - self._reading.keys() - self._removed:
                name = f"log of container {key[:12]}"
                self._reading[key] = self._tasks.spawn(self._readers[key].run(), name=name)

    def _find(self, known: Mapping[str, Container]) -> None:
        """Make readers, first for what runs."""
        order = sorted(known.items(), key=lambda one: one[1].state not in RUNNING)
        for key, container in order:
            running = container.state in RUNNING
            wanted = self._wanted_of(container.name)
            if wanted is None or key in self._readers or (key in self._read_out and not running):
                continue
            if len(self._readers) >= MOST:
                self._complain_of_many()
                return
            self._read_out.discard(key)
            self._make(key, container.name, wanted, running=running)
        patterns = {_key(one) for one in self._wanted}
        self._changed |= not patterns <= self._record.patterns
        self._record.patterns |= patterns

    def _make(
        self, key: str, name: str, wanted: WantedContainers, *, running: bool
    ) -> ContainerReader:
        seen = self._record.containers.get(key)
        if seen is None:
            whole = wanted.start or _key(wanted) in self._record.patterns
            place = Place() if whole else at_end(self._clock.now())
            seen = self._record.containers[key] = ContainerSeen(name=name, place=place)
            self._changed = True
        seen.name = name
        reader = self._readers[key] = ContainerReader(
            key,
            seen,
            wanted,
            self._engine,
            self._clock,
            came=self._wake,
            acked=self._moved.set,
            room=self._room,
        )
        reader.running = running
        self._shipper.add(reader.source)
        return reader

    def _let_go(self, key: str, reader: ContainerReader) -> None:
        """There is no such container any more; what it wrote may still be read, or held."""
        reader.running = False
        task = self._reading.get(key)
        if key not in self._removed and (task is None or task.done() or reader.rests):
            reader.removed()
            self._removed.add(key)
        if key in self._removed and not reader.source.size:
            self._drop(key)
            self._removed.discard(key)
            self._record.containers.pop(key, None)
            self._changed = True

    def _retire(self) -> None:
        """Let go of readers that have nothing to do."""
        for key, reader in list(self._readers.items()):
            if reader.seen.ended and reader.rests and not reader.running:
                self._drop(key)
                self._read_out.add(key)

    def _drop(self, key: str) -> None:
        self._shipper.remove(self._readers.pop(key).source)
        task = self._reading.pop(key, None)
        if task is not None:
            task.cancel()

    def _forget(self, known: Mapping[str, Container]) -> None:
        """Those that were removed while nobody looked."""
        self._read_out &= known.keys()
        for key, seen in list(self._record.containers.items()):
            if key in known or key in self._readers:
                continue
            wanted = self._wanted_of(seen.name)
            if seen.ended or wanted is None:
                del self._record.containers[key]
                self._changed = True
            elif len(self._readers) < MOST:
                self._let_go(key, self._make(key, seen.name, wanted, running=False))

    def _wanted_of(self, name: str) -> WantedContainers | None:
        return next((one for one in self._wanted if one.names(name)), None)

    def _just_started(self, known: Mapping[str, Container]) -> dict[str, Container]:
        """Those that nobody has looked at yet: some are removed before that."""
        oldest = self._clock.monotonic() - UNSEEN
        for key, (_, at) in list(self._started.items()):
            if key in known or at < oldest:
                del self._started[key]
        return {
            key: Container(id=key, name=name, image="", state="running")
            for key, (name, _) in self._started.items()
        }

    def _note(self, event: ContainerEvent) -> None:
        """It was started, or ended: there is more to read, however short it ran."""
        key = event.container
        if event.action in ("start", "die"):
            self._read_out.discard(key)
            if key in self._readers:
                self._readers[key].started()
        if event.action == "start" and len(self._started) < MOST:
            self._started[key] = event.name, self._clock.monotonic()
            self._soon.set()
        elif event.action == "destroy":
            self._started.pop(key, None)

    def _complain_of_many(self) -> None:
        if not self._too_many:
            _log.warning("more than %d containers: the logs of the others are not shipped", MOST)
        self._too_many = True

    # -- room, and the record ------------------------------------------------------------------

    def _wake(self) -> None:
        """There are new lines: tell the shipper soon, and once of those of many containers."""
        if self._waking is None:
            self._waking = asyncio.get_running_loop().call_later(GATHER, self._wake_now)

    def _wake_now(self) -> None:
        self._waking = None
        self._shipper.wake()

    async def _room(self) -> None:
        """Wait until there is room for more lines."""
        while sum(one.source.size for one in self._readers.values()) >= HELD:
            self._moved.clear()
            await self._moved.wait()

    async def _keep(self) -> bool:
        """Write the record; whether that worked."""
        data = msgspec.json.encode(self._record)
        round_ = await self._jobs.run({_JOB: lambda: write_record(self._path, data)})
        trouble = round_.missing.get(_JOB)
        if trouble is not None and trouble != self._trouble:
            _log.warning("how far logs of containers were read cannot be written: %s", trouble)
        self._trouble, self._changed = trouble, trouble is not None
        return trouble is None


def _key(wanted: WantedContainers) -> str:
    return ",".join(wanted.containers)
