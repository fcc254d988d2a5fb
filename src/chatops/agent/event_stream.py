"""One connection to the engine's events, read in a thread of its own that ends with it.

The thread waits for the engine, and costs nothing as long as nothing happens. What it has read
waits in a bounded queue for the event loop.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from chatops.agent.engine import Engine, EngineError
from chatops.agent.event_words import ACTIONS, ContainerEvent, read, time_of

if TYPE_CHECKING:
    from docker import APIClient

QUEUE: Final = 1000
"""Events that may wait for the event loop; more are counted, and left out."""
MAX_EVENT: Final = 1024 * 1024
"""Bytes of one event, labels included; a larger one is left out."""
ANSWER: Final = 5.0
"""Seconds that the engine has to begin its answer."""
_NANO: Final = 10**9
_FOREVER: Final = "1"
"""A moment before all others, in Unix seconds."""


class EventStream:
    """Follows the engine from ``since`` on (nanoseconds). ``wake`` is called in the thread when
    there is something to take, or the connection ended."""

    def __init__(self, engine: Engine, since: int, wake: Callable[[], None]) -> None:
        self._engine = engine
        self._since = since
        self._wake = wake
        self._lock = threading.Lock()
        self._queue: deque[ContainerEvent] = deque()
        self._left_out = 0
        self._stream: Any = None
        self._closed = False
        self.oldest: int | None = None
        """When what the engine remembers begins, in nanoseconds; None: it remembers nothing."""
        self.stands = False
        """Whether the engine has answered."""
        self.ended = False
        self.error: str | None = None
        """Why it could not be followed."""

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: the system has no room for a thread.
        """
        threading.Thread(target=self._run, name="chatops-events", daemon=True).start()

    def take(self) -> tuple[list[ContainerEvent], int]:
        """What was read since the last time, and how many events came too fast to be kept."""
        with self._lock:
            events, left_out = list(self._queue), self._left_out
            self._queue.clear()
            self._left_out = 0
        return events, left_out

    def close(self) -> None:
        """Let go of the engine; ``ended`` follows."""
        with self._lock:
            self._closed, stream = True, self._stream
        if stream is not None:
            with suppress(Exception):  # the thread may be letting go of it, too
                stream.close()

    # -- in the thread -------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._follow()
        except EngineError as error:
            self.error = error.message
        except Exception as error:  # noqa: BLE001  (a library's fault: the next connection is new)
            self.error = f"{type(error).__name__}: {error}"[:200]
        self.ended = True
        self._wake()

    def _follow(self) -> None:
        with self._engine.client(ANSWER) as client:
            self.oldest = _oldest(client)
            filters = {"type": ["container"], "event": list(ACTIONS)}
            stream = _events(client, since=_seconds(self._since), filters=filters)
            with self._lock:
                self._stream, closed = stream, self._closed
            if closed:
                stream.close()
            self.stands = True
            self._wake()
            for line in _lines(stream):
                event = read(line)
                if event is not None:
                    self._put(event)

    def _put(self, event: ContainerEvent) -> None:
        with self._lock:
            first = not self._queue
            if len(self._queue) < QUEUE:
                self._queue.append(event)
            else:
                self._left_out += 1
        if first:
            self._wake()


def _oldest(client: APIClient) -> int | None:
    """The time of the first event that the engine remembers, of whatever kind."""
    stream = _events(client, since=_FOREVER, until=_seconds(time.time_ns()))
    try:
        line = next(iter(_lines(stream)), None)
        return time_of(line) if line is not None else None
    finally:
        with suppress(Exception):
            stream.close()


def _events(client: APIClient, **options: Any) -> Any:
    # The engine takes fractions of seconds, which the SDK passes on and its types do not know.
    return client.events(**options)


def _seconds(nano: int) -> str:
    return f"{nano // _NANO}.{nano % _NANO:09d}"


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Whole lines of a stream; of one that is too long nothing is told."""
    rest, skipping = b"", False
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            if not skipping and 0 < len(line) <= MAX_EVENT:
                yield line
            skipping = False
        if len(rest) > MAX_EVENT:
            rest, skipping = b"", True
    if rest and not skipping:
        yield rest
