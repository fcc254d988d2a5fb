"""What happens to containers: followed from where it was left, told to the hub as lines of its log,
and to whoever looks at containers for samples."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from chatops.agent.container_watch import ContainerWatch
from chatops.agent.docker_policy import DockerPolicy
from chatops.agent.engine import Engine
from chatops.agent.event_journal import SOURCE, EventJournal, Note
from chatops.agent.event_pace import Admitted, EventPace
from chatops.agent.event_stream import EventStream
from chatops.agent.event_words import ContainerEvent, words
from chatops.agent.shipper import Shipper
from chatops.clock import Clock, SystemClock
from chatops.protocol.parts import LogLine
from chatops.text import counted
from chatops.units import format_time

RETRY: Final = 1.0
"""Seconds until an engine that went away is followed again."""
LONGEST: Final = 10.0
"""The same while it stays away."""
CLOSING: Final = 1.0
"""Seconds that a connection has to end."""
SETTLED: Final = 5.0
"""Seconds after which a connection has told what happened before it: milliseconds' work."""
MEMORY: Final = 10 * 10**9
"""Nanoseconds from an end of memory to a death that it explains."""
_TURN: Final = 0.05
"""Seconds between two looks at what came: of a flood many events are taken together."""
_MANY: Final = 1000
_log = logging.getLogger(__name__)


class ContainerNews:
    """Follows the events that the policy lets the hub see, for as long as the agent runs."""

    def __init__(
        self,
        engine: Engine,
        policy: DockerPolicy,
        watch: ContainerWatch,
        journal: EventJournal,
        shipper: Shipper,
        clock: Clock | None = None,
    ) -> None:
        self._engine = engine
        self._policy = policy
        self._watch = watch
        self._journal = journal
        self._shipper = shipper
        self._clock = clock or SystemClock()
        self._pace = EventPace()
        self._short_of_memory: OrderedDict[str, int] = OrderedDict()
        self._changed = asyncio.Event()
        shipper.add(journal)

    async def run(self) -> None:
        """Follow for ever."""
        pause = RETRY
        while True:
            pause = RETRY if await self._one_connection() else min(pause * 2, LONGEST)
            await asyncio.sleep(pause)
            self._note(self._pace.due(self._clock.monotonic()))

    def close(self) -> None:
        """The agent ends: what was kept back is written down."""
        self._note(self._pace.rest())
        self._journal.close()

    # -- a connection ----------------------------------------------------------------------

    async def _one_connection(self) -> bool:
        """Follow until the connection ends; whether it ever stood."""
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(self._changed.set)

        stream = EventStream(self._engine, self._journal.since, wake)
        try:
            stream.start()
        except RuntimeError:
            return False
        began = self._clock.monotonic()
        try:
            await self._follow(stream)
        finally:
            stream.close()
            await self._ended(stream)
            self._take(stream)
            if stream.stands and self._clock.monotonic() - began >= SETTLED:
                self._journal.reached()
        _log.debug("the container engine's events ended: %s", stream.error or "closed")
        return stream.stands

    async def _follow(self, stream: EventStream) -> None:
        began = False
        while not stream.ended:
            if stream.stands and not began:
                began = True
                self._begin(stream)
            self._take(stream)
            await self._something()
            await asyncio.sleep(_TURN)

    def _begin(self, stream: EventStream) -> None:
        """Say what may be missing, if the engine does not remember so far back."""
        journal, now = self._journal, self._clock.now()
        oldest = stream.oldest
        if not journal.is_new and (oldest is None or oldest > journal.until):
            until = min(now, oldest / 1e9) if oldest is not None else now
            text = (
                f"events of containers between {format_time(journal.until / 1e9)} and "
                f"{format_time(until)} may be missing: the engine does not know them any more"
            )
            self._add([Note(SOURCE, LogLine(ts=until, level="warning", message=text))])
        journal.is_new = False

    async def _ended(self, stream: EventStream) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                while not stream.ended:
                    self._changed.clear()
                    if not stream.ended:
                        await self._changed.wait()

    async def _something(self) -> None:
        """Wait until something comes, or what is kept back may have room."""
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0 if self._pace.holds else None):
                await self._changed.wait()
        self._changed.clear()

    # -- what comes ------------------------------------------------------------------------

    def _take(self, stream: EventStream) -> None:
        events, left_out = stream.take()
        now = self._clock.monotonic()
        admitted = self._pace.due(now)
        for event in events:
            if self._policy.sees(event.name) and not self._journal.knows(event.key):
                self._journal.know(event.key)
                self._watch.note(event)
                admitted += self._pace.admit(self._with_reason(self._seen(event)), now)
        if left_out:
            text = f"{counted(left_out, 'event')} of containers came too fast, and are left out"
            line = LogLine(ts=self._clock.now(), level="warning", message=text)
            self._add([Note(SOURCE, line)])
        self._note(admitted)

    def _seen(self, event: ContainerEvent) -> ContainerEvent:
        """The event without a name that the policy does not let the hub see."""
        return event if self._policy.sees(event.old_name) else event._replace(old_name="")

    def _note(self, admitted: Iterable[Admitted]) -> None:
        self._add([self._worded(one) for one in admitted])

    def _add(self, notes: list[Note]) -> None:
        if notes:
            self._journal.add(notes)
            self._shipper.wake()

    def _worded(self, admitted: Admitted) -> Note:
        event, left_out, shown = admitted
        if not shown:
            return Note("", None, event.key)
        level, text = words(event)
        if left_out:
            text += f"; {counted(left_out, 'event')} of it before are left out"
        line = LogLine(ts=event.ts, level=level, message=text)
        return Note(f"container:{event.name}", line, event.key)

    def _with_reason(self, event: ContainerEvent) -> ContainerEvent:
        """The engine says that memory ran out in an event of its own, before the death."""
        if event.action == "oom":
            self._short_of_memory[event.container] = event.nano
            if len(self._short_of_memory) > _MANY:
                self._short_of_memory.popitem(last=False)
        at = self._short_of_memory.get(event.container)
        return event._replace(out_of_memory=at is not None and event.nano - at < MEMORY)
