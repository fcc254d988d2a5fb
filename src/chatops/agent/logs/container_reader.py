"""Reads the log of one container, from where it was left, and goes on with what comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct

from chatops.agent import engine_answer
from chatops.agent.engine import Engine, EngineError
from chatops.agent.logs.container_lines import (
    FrameLines,
    LogLines,
    Place,
    Placing,
    Stamped,
    TerminalLines,
)
from chatops.agent.logs.joining import EntryJoiner
from chatops.agent.logs.lines import Line
from chatops.agent.logs.source import Entry, HeldLines
from chatops.agent.logs.wanted import WantedContainers
from chatops.clock import Clock
from chatops.ids import new_id
from chatops.protocol.limits import KiB
from chatops.text import escape

TOGETHER: Final = 1.0
"""Seconds that an entry of several lines waits for the next one."""
RETRY: Final = 1.0
"""Seconds until a log that ended or could not be read is tried again."""
LONGEST: Final = 10.0
"""The same while it cannot."""
GONE: Final = "the line up to which this was read is gone from the engine; others may be missing"
REMOVED: Final = "this container was removed before the end of its log was read"
GATHER: Final = 0.05
"""Seconds between two reads while little comes: to take each line by itself costs several times as
much."""
_SOME: Final = 64 * KiB
_LITTLE: Final = 16 * KiB
_log = logging.getLogger(__name__)


class ContainerSeen(Struct, kw_only=True):
    """What is kept of a container: up to where the hub has its lines, and whether that is the end
    of its log (it does not run)."""

    name: str
    epoch: str = msgspec.field(default_factory=new_id)
    place: Place = Place()
    ended: bool = False


class _Config(Struct):
    Tty: bool = False


class _Inspected(Struct):
    Config: _Config


class ContainerReader:
    """One container. ``came`` is called when there are new lines, ``acked`` when the hub has some;
    ``room`` comes back when there is room for more."""

    def __init__(
        self,
        key: str,
        seen: ContainerSeen,
        wanted: WantedContainers,
        engine: Engine,
        clock: Clock,
        *,
        came: Callable[[], None],
        acked: Callable[[], None],
        room: Callable[[], Awaitable[None]],
    ) -> None:
        self.seen: Final = seen
        self.running = True
        """Whether it is known to run, so that an end of its log is not the last one."""
        self.rests = False
        """Whether all was read, and nothing more comes before it is started again."""
        self.source: Final = HeldLines(f"container:{seen.name}", wanted, acked)
        self._key = key
        self._engine = engine
        self._clock = clock
        self._came = came
        self._room = room
        self._joiner = EntryJoiner(wanted.entry)
        self._stream = 0
        self._read = seen.place
        self._again = asyncio.Event()
        self._trouble: str | None = None

    async def run(self) -> None:
        """Read as long as there is such a container."""
        pause, whole = RETRY, False
        while True:
            self._again.clear()
            try:
                await self._read_on()
            except EngineError as error:
                if error.code == "not_found":
                    self.rests = whole  # it was removed: what ended well was all of it
                    return
                self._complain(error.message)
                pause, whole = min(pause * 2, LONGEST), False
            else:
                pause, whole, self._trouble = RETRY, True, None
            self.rests = whole and not self.running
            await self._rest(None if self.rests else pause)
            self.rests = False

    async def _rest(self, seconds: float | None) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._again.wait()

    def started(self) -> None:
        """It runs, or ran: there may be more to read."""
        self.seen.ended = False
        self._again.set()

    def removed(self) -> None:
        """There is no such container any more, and nothing reads it."""
        if not self.rests:
            self._hold(self._joiner.finish())
            place = self._read = self._read._replace(number=self._read.number + 1)
            line, source = Line(REMOVED.encode(), place.number), f"container:{self.seen.name}"
            self._hold([Entry(line, source, self._clock.now(), "warning", place)])

    def note_place(self) -> bool:
        """Remember up to where the hub has all; whether that is news."""
        idle = not self.source.size and not self._joiner.holds
        place = self._read if idle else self.source.mark or self.seen.place
        ended = idle and self.rests
        news = (place, ended) != (self.seen.place, self.seen.ended)
        self.seen.place, self.seen.ended = place, ended
        return news

    # -- reading -----------------------------------------------------------------------------

    async def _read_on(self) -> None:
        """Read to the end of the log, which comes when the container ends.

        Raises:
            EngineError: the engine does not answer, or says no.
        """
        path, target = self._engine.socket(), f"/containers/{self._key}"
        told = await engine_answer.whole(path, f"{target}/json")
        lines: LogLines = TerminalLines() if _has_terminal(told) else FrameLines()
        placing = Placing(self._read)
        async with engine_answer.opened(path, f"{target}/logs", self._query()) as answer:
            while (data := await self._next(answer)) is not None:
                self._take(lines.feed(data), placing)
                await self._room()
                if len(data) < _LITTLE:
                    await asyncio.sleep(GATHER)
        self._take(lines.finish(), placing)
        self._hold(self._joiner.finish())

    def _query(self) -> dict[str, str | int]:
        query: dict[str, str | int] = {"stdout": 1, "stderr": 1, "follow": 1, "timestamps": 1}
        if since := self._read.since:
            query["since"] = f"{since // 10**9}.{since % 10**9:09d}"
        return query

    async def _next(self, answer: asyncio.StreamReader) -> bytes | None:
        """The next bytes; None at the end. An entry that waits for more does so for a while."""
        while True:
            try:
                async with asyncio.timeout(TOGETHER if self._joiner.holds else None):
                    return await answer.read(_SOME) or None
            except TimeoutError:
                self._hold(self._joiner.finish())

    def _take(self, lines: list[Stamped], placing: Placing) -> None:
        entries = []
        for line in lines:
            if not placing.take(line):
                continue
            if placing.missed:
                placing.missed = False
                self._say_gone(self._entry(line, placing.place))
            if line.stream != self._stream:
                entries += self._joiner.finish()
                self._stream = line.stream
            self._read = placing.place
            entries += self._joiner.feed(self._entry(line, placing.place))
        self._hold(entries)

    def _say_gone(self, before: Entry) -> None:
        self._hold(self._joiner.finish())
        self.source.say(self.seen.epoch, before, GONE, self._clock.now())

    def _entry(self, line: Stamped, place: Place) -> Entry:
        return Entry(
            Line(line.data, place.number, line.left_out),
            f"container:{self.seen.name}", line.nano / 1e9, None, place,
        )  # fmt: skip

    def _hold(self, entries: list[Entry]) -> None:
        if entries:
            now, monotonic = self._clock.now(), self._clock.monotonic()
            self.source.take(self.seen.epoch, entries, now, monotonic)
            self._came()

    def _complain(self, trouble: str) -> None:
        if trouble != self._trouble:
            _log.warning("log of container %s: %s", escape(self.seen.name), escape(trouble))
        self._trouble = trouble


def _has_terminal(told: bytes) -> bool:
    try:
        return msgspec.json.decode(told, type=_Inspected).Config.Tty
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise EngineError("conflict", "the engine's answer cannot be read") from None
