"""The containers of samples: looked at in a thread of their own, at a pace of their own.

A sample takes what the last look gave and never waits for one. What happens to a container between
two looks is told by events: it changes what the last look gave, and a look follows soon. The
engine's link has three states: it answers, it is absent, or it hangs (the look did not come back in
time; no other is begun until it does). Each change is logged once, and samples say in ``missing``
why they have no containers.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from chatops.agent import container_shapes as shapes
from chatops.agent import podman
from chatops.agent.collectors.rates import Rates
from chatops.agent.container_figures import Figures, figures
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine, EngineError, load_sdk
from chatops.agent.event_words import ContainerEvent
from chatops.agent.jobs import Job, Jobs
from chatops.protocol.metrics import Container

if TYPE_CHECKING:
    from docker import APIClient

EVERY: Final = 10.0
"""Seconds between two looks."""
SOON: Final = 1.0
"""Seconds from one look to the next when something happens."""
_EVENTS: Final = 1000
FRESH: Final = 1.5
"""Seconds for which a look is as good as one of now, while nothing happens."""
SHARE: Final = 0.01
"""Of one core that looking may take: with very many containers it is done more rarely."""
LONGEST: Final = 60.0
"""Seconds between two looks in any case."""
LOOK: Final = 20.0
"""Seconds that a look may take."""
ANSWER: Final = 5.0
"""Seconds that one answer of the engine may take."""
PART: Final = "containers"
_COUNT: Final = "container_count"
RUNNING: Final = ("running", "paused")
"""States in which there is something to measure."""
_ONE_SHOT: Final = "1.41"
"""The version of the API (Docker 20.10) since which figures are told without a wait."""
_log = logging.getLogger(__name__)


class Look(NamedTuple):
    """What a look gave: the containers, or why there are none, with its code. ``seconds`` is the
    processor time that it took, ``ts`` when it ended."""

    containers: list[Container]
    seconds: float = 0.0
    error: str | None = None
    code: str = "conflict"
    ts: float = 0.0

    @property
    def rest(self) -> float:
        """Seconds until looking again costs no more than its share."""
        return min(self.seconds / SHARE, LONGEST)


class ContainerWatch:
    """Looks at the containers that the policy lets the hub see."""

    def __init__(
        self, engine: Engine, policy: DockerPolicy, *, every: float = EVERY, limit: float = LOOK
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._every = every
        self._jobs = Jobs(limit)
        self._rates = Rates()
        self._last: Look | None = None
        self._ended = 0.0
        self._turn = asyncio.Lock()
        self._happened = asyncio.Event()
        self._meanwhile: deque[ContainerEvent] = deque(maxlen=_EVENTS)
        self._died: set[str] = set()
        self.listener: Callable[[ContainerEvent], None] | None = None
        """Is told what happens to a container."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause = max(SOON, (await self.recent()).rest)
            await asyncio.sleep(pause)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(self._every - pause, 0.0)):
                    await self._happened.wait()

    async def recent(self) -> Look:
        """The last look if that is fresh, or if another would cost more than its share; else one
        that all who ask meanwhile get."""
        async with self._turn:
            last, fresh = self._last, SOON if self._happened.is_set() else FRESH
            if last is None or time.monotonic() - self._ended >= max(fresh, last.rest):
                last = await self._now()
            return last

    async def look(self) -> Look:
        """Look now."""
        async with self._turn:
            return await self._now()

    async def _now(self) -> Look:
        self._happened.clear()
        self._meanwhile.clear()
        round_ = await self._jobs.run({PART: self._look})
        why = round_.missing.get(PART)
        late = Look([], error=f"the container engine {why}", code="timed_out")
        look = late if why else round_.results[PART]
        for event in self._meanwhile:
            look = look._replace(containers=shapes.changed(look.containers, event))
        self._note(look)
        self._last, self._ended = look._replace(ts=time.time()), time.monotonic()
        return self._last

    def note(self, event: ContainerEvent) -> None:
        """Something happened to a container: the next sample tells it."""
        self._meanwhile.append(event)
        if event.action == "die":
            self._died.add(event.container)
        if self._last is not None:
            containers = shapes.changed(self._last.containers, event)
            self._last = self._last._replace(containers=containers)
        self._happened.set()
        if self.listener is not None:
            self.listener(event)

    def latest(self) -> dict[str, Container]:
        """What was measured last, by the container's id."""
        return {one.id: one for one in self._last.containers} if self._last else {}

    def known(self) -> dict[str, Container] | None:
        """The same; None while nobody knows, as the engine was not asked or does not answer."""
        return None if self._last is None or self._last.error is not None else self.latest()

    def collect(self) -> dict[str, Job]:
        """The parts of a sample, as a job of the sampler. A container that died since the last
        one is told as such in any case, if it was started again, too.

        Raises:
            OSError: the engine does not answer, in the words for ``missing``.
        """
        if self._last is None:
            return {}
        if self._last.error is not None:
            raise OSError(errno.ENOTCONN, self._last.error)
        died, self._died = self._died, set()
        found = [shapes.dead(one) if one.id in died else one for one in self._last.containers]
        return {PART: lambda: found, _COUNT: lambda: len(found)}

    def close(self) -> None:
        """Let the idle thread end."""
        self._jobs.close()

    def _note(self, look: Look) -> None:
        before = self._last.error if self._last is not None else None
        if look.error is not None and look.error != before:
            _log.warning("containers cannot be looked at: %s", look.error)
        elif look.error is None and before is not None:
            _log.info("the container engine answers again")

    # -- in the thread -------------------------------------------------------------------

    def _look(self) -> Look:
        load_sdk()  # once, and no part of what a look costs
        began = time.thread_time()
        try:
            found = self._ask()
        except EngineError as error:
            self._rates = Rates()
            return Look([], error=error.message, code=error.code)
        return Look(found, time.thread_time() - began)

    def _ask(self) -> list[Container]:
        with self._engine.client(ANSWER) as client:
            rows = [one for one in client.containers(all=True) if self._sees(one)]
            podman.add_health(client, rows)
            measured = self._measured(client, [r["Id"] for r in rows if r.get("State") in RUNNING])
        found = {row["Id"]: shapes.plain(row) for row in rows}
        rates = self._rates.update(
            time.monotonic(), {key: shapes.counters(one) for key, one in measured.items()}
        )
        for key, one in measured.items():
            shapes.measure(found[key], one, rates[key])
        return sorted(found.values(), key=lambda one: one.name)

    def _measured(self, client: APIClient, keys: list[str]) -> dict[str, Figures]:
        """What the engine measured of them; nothing if it is one that needs seconds for each."""
        from docker.utils import version_lt

        version = client.api_version
        if version_lt(version, _ONE_SHOT):
            return {}
        return figures(self._engine.address.removeprefix("unix://"), version, keys, ANSWER)

    def _sees(self, row: shapes.Row) -> bool:
        return self._policy.sees(shapes.name_of(row))
