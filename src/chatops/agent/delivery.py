"""What goes to the hub of commands in one session: their output in turn, then their outcomes.

An outcome follows the output that the hub has opened, or will: a new command comes with all
streams that are wanted, one from before the session gets them anew. It does not wait for ever:
not for a hub that takes nothing, nor for streams that nobody opens.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final

from chatops.agent.output import OutputStream
from chatops.agent.run import Run
from chatops.protocol import codec
from chatops.protocol.messages import (
    CommandResponse,
    StreamClose,
    StreamCredit,
    StreamOpen,
)

NO_CREDIT_SECONDS: Final = 60.0
"""An outcome waits so long for a hub that takes none of its output."""
RESUME_SECONDS: Final = 2.0
"""The outcome of a command from before the session waits so long for the hub to open its
output."""


class Delivery:
    """The streams that are open in this session, and the frames that are due."""

    def __init__(self) -> None:
        self._wake: Callable[[], None] | None = None
        self._streams: dict[int, tuple[Run, OutputStream]] = {}
        self._numbers: dict[OutputStream, int] = {}
        self._unopened: set[OutputStream] = set()
        """Those of commands from before this session, which the hub has yet to open in it."""
        self._ready: dict[OutputStream, None] = {}
        self._due: deque[str] = deque()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._told: set[str] = set()

    # -- the session ------------------------------------------------------------------------

    def connected(self, wake: Callable[[], None], held: Iterable[Run | CommandResponse]) -> None:
        """A session begins: everything that is held is told again. ``wake`` is called when
        ``next_frame`` has something."""
        self._wake = wake
        for known in held:
            if isinstance(known, CommandResponse):
                self._due.append(codec.encode(known))
            else:
                self._unopened.update(known.streams)
                self.settle(known)
        wake()

    def disconnected(self) -> None:
        """The session is over: nobody watches, nothing is under way."""
        self._wake = None
        self._due.clear()
        self._ready.clear()
        self._unopened.clear()
        self._told.clear()
        for command_id in list(self._timers):
            self._disarm(command_id)
        for number in list(self._streams):
            self._drop(number)

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub, the streams in turn; None when there is nothing."""
        while not self._due and self._ready:
            stream = next(iter(self._ready))
            del self._ready[stream]
            number = self._numbers.get(stream)
            if number is None:
                continue
            run, frame = self._streams[number][0], stream.next_frame()
            run.regulate()
            if frame is None:
                continue
            if stream.is_open:
                self._ready[stream] = None
            else:
                self._drop(number)
                self.settle(run)
            return frame
        return self._due.popleft() if self._due else None

    @property
    def due(self) -> int:
        """How many messages are due, those that end a stream apart."""
        return len(self._due)

    # -- what the hub says of streams --------------------------------------------------------

    def open(self, run: Run, stream: OutputStream, message: StreamOpen) -> None:
        """Send a stream from an offset on. An older number of the same stream is void."""
        for number in (message.stream, self._numbers.get(stream)):
            if number in self._streams:
                self._drop(number)
        self._streams[message.stream] = (run, stream)
        self._numbers[stream] = message.stream
        self._unopened.discard(stream)
        stream.open(message)
        self._go_on(run, stream)

    def credit(self, message: StreamCredit) -> None:
        """The hub takes more of a stream; numbers that are closed by now are no error."""
        if message.stream in self._streams:
            run, stream = self._streams[message.stream]
            stream.give(message)
            self._go_on(run, stream)

    def shut(self, message: StreamClose) -> None:
        """The hub wants no more of a stream."""
        if message.stream in self._streams:
            run = self._streams[message.stream][0]
            self._drop(message.stream)
            self.settle(run)

    def reject(self, message: StreamOpen, response: CommandResponse | None = None) -> None:
        """Answer for a stream that is not here. With an outcome, its length is known."""
        close = StreamClose(stream=message.stream, reason="unknown")
        if response is not None:
            end = response.stdout_bytes if message.name == "stdout" else response.stderr_bytes
            close.offset = max(end, message.offset)
            close.dropped = close.offset - message.offset
            close.reason = "gone"
        self.post(close)

    def post(self, message: StreamClose | StreamCredit) -> None:
        """Tell the hub something of a stream, before anything else of the streams. A session
        that is over has no streams."""
        if self._wake is not None:
            self._due.append(codec.encode(message))
            self._wake()

    # -- what commands do ----------------------------------------------------------------------

    def moved(self, stream: OutputStream) -> None:
        """A stream has bytes, or its end."""
        if stream in self._numbers:
            self._ready[stream] = None
            self._poke()

    def settle(self, run: Run) -> None:
        """Tell the outcome of a run if nothing of its output has to go before it."""
        if run.response is None or self._wake is None or run.id in self._told:
            return
        if any(stream.is_open for stream in run.streams):
            self._arm(run, NO_CREDIT_SECONDS)
        elif any(stream in self._unopened and stream.buffer.end for stream in run.streams):
            self._arm(run, RESUME_SECONDS)
        else:
            self._tell(run)

    def is_waiting(self, command_id: str) -> bool:
        """Whether the outcome of a command is there, and will be told after its output."""
        return command_id in self._timers

    def forget(self, run: Run) -> None:
        """The hub has the outcome."""
        self._disarm(run.id)
        self._told.discard(run.id)
        for stream in run.streams:
            self._unopened.discard(stream)
            if stream in self._numbers:
                self._drop(self._numbers[stream])

    # -- within ----------------------------------------------------------------------------------

    def _go_on(self, run: Run, stream: OutputStream) -> None:
        run.regulate()
        self.moved(stream)
        if self.is_waiting(run.id):
            self.settle(run)

    def _drop(self, number: int) -> None:
        run, stream = self._streams.pop(number)
        del self._numbers[stream]
        stream.shut()
        run.regulate()

    def _tell(self, run: Run) -> None:
        self._disarm(run.id)
        if run.response is not None and run.id not in self._told:
            self._told.add(run.id)
            self._due.append(codec.encode(run.response))
            self._poke()

    def _arm(self, run: Run, seconds: float) -> None:
        """Tell the outcome in so many seconds, counted from now."""
        self._disarm(run.id)
        loop = asyncio.get_running_loop()
        self._timers[run.id] = loop.call_later(seconds, self._tell, run)

    def _disarm(self, command_id: str) -> None:
        timer = self._timers.pop(command_id, None)
        if timer is not None:
            timer.cancel()

    def _poke(self) -> None:
        if self._wake is not None:
            self._wake()
