"""What the hub sends to be written: bytes on their way from the event loop to the thread that
writes them. No more comes than there is credit for, and credit is given for what was taken."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from chatops.agent.feeds import Feed, FeedEnded, FeedError
from chatops.errors import ProtocolError
from chatops.protocol.frames import StreamFrame
from chatops.protocol.limits import COPY_CREDIT, COPY_SILENT, MAX_AGENT_COPIES_IN
from chatops.protocol.messages import Message, StreamClose, StreamCredit

_REMEMBERED: Final = 4096
"""Streams that are over and whose last bytes may still be under way; those are discarded."""
Post = Callable[[Message], None]


class SilentError(FeedError):
    """Who sends a copy did not, for too long; it may come back."""

    def __init__(self, seconds: float) -> None:
        super().__init__("timed_out", f"no byte of the copy came for {seconds:g} s")


class CopyInput:
    """The bytes of one copy. ``cancelled``: its client gave it up for good. ``patience``: seconds
    that are waited for the next ones. There is always credit for some, so it is never the agent
    that its client waits for meanwhile."""

    def __init__(
        self, number: int, give: Callable[[StreamCredit], None], patience: float = COPY_SILENT
    ) -> None:
        self.number: Final = number
        self.cancelled = False
        self._give = give
        self._patience = patience
        self._change = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._received = self._taken = 0
        self._granted = COPY_CREDIT
        self._signs = 0
        self._over = False

    def begin(self) -> None:
        """Have the first bytes sent."""
        self._give(StreamCredit(stream=self.number, credit=COPY_CREDIT))

    def read(self) -> bytes:
        """The next bytes, as soon as there are any.

        Raises:
            FeedEnded: nobody sends more.
            SilentError: nothing came for too long.
        """
        with self._change:
            while not self._pieces and not self._over:
                self._await_sign()
            if self._over:
                raise FeedEnded
            data = self._pieces.popleft()
        self._pay(len(data))
        return data

    def take(self, offset: int, data: bytes) -> None:
        """Bytes came.

        Raises:
            ProtocolError: they do not follow what came before, or there was no credit for them.
        """
        with self._change:
            end = offset + len(data)
            if offset != self._received or end > self._granted:
                self._over = True
                self._change.notify_all()
                raise ProtocolError("bytes came that a copy did not ask for")
            self._signs += 1
            self._change.notify_all()
            if data:  # none: its client only says that it is at work
                self._received = end
                self._pieces.append(data)

    def end(self, *, cancelled: bool = False) -> None:
        """No more is taken."""
        with self._change:
            self.cancelled = self.cancelled or cancelled
            self._over = True
            self._change.notify_all()

    def _await_sign(self) -> None:
        signs = self._signs
        if not self._change.wait_for(lambda: self._over or self._signs > signs, self._patience):
            raise SilentError(self._patience)

    def _pay(self, count: int) -> None:
        self._taken += count
        if self._taken * 4 < COPY_CREDIT:
            return
        credit, self._taken = self._taken, 0
        with self._change:
            self._granted += credit
        self._give(StreamCredit(stream=self.number, credit=credit))


class CopyInputs:
    """All of them in this session, by the number of their stream."""

    def __init__(self, patience: float = COPY_SILENT) -> None:
        self._patience = patience
        self._open: dict[int, CopyInput] = {}
        self._over: dict[int, None] = {}
        self._lock = threading.Lock()
        self._post: Callable[[Message], None] = lambda message: None

    def connected(self, post: Post) -> None:
        """A session stands; credit goes to ``post``, in this event loop."""
        loop = asyncio.get_running_loop()

        def post_soon(message: Message) -> None:
            with suppress(RuntimeError):  # the loop was closed meanwhile
                loop.call_soon_threadsafe(post, message)

        self._post = post_soon

    def disconnected(self) -> None:
        """It is over; the feeds that these belong to end by themselves."""
        self._post = lambda message: None
        with self._lock:
            self._over.clear()

    def open(self, number: int, feed: Feed) -> CopyInput:
        """The input of a copy that ``feed`` tells of; it ends with that.

        Raises:
            FeedError: there are too many, or one of that number.
        """
        with self._lock:
            if number in self._open:
                raise FeedError("invalid", "a stream of that number is open")
            if len(self._open) >= MAX_AGENT_COPIES_IN:
                text = f"the agent writes {MAX_AGENT_COPIES_IN} copies at a time: let one end first"
                raise FeedError("busy", text)
            made = self._open[number] = CopyInput(
                number, lambda message: self._post(message), self._patience
            )
        feed.on_end(made.end)
        return made

    def close(self, given: CopyInput) -> None:
        """A copy takes no more."""
        given.end()
        with self._lock:
            self._open.pop(given.number, None)
            self._over[given.number] = None
            if len(self._over) > _REMEMBERED:
                del self._over[next(iter(self._over))]

    def take(self, frame: StreamFrame) -> bool:
        """Bytes came; whether they are of one of these.

        Raises:
            ProtocolError: see CopyInput.
        """
        found = self._open.get(frame.stream)
        if found is not None:
            found.take(frame.offset, frame.data)
        return found is not None or frame.stream in self._over

    def shut(self, message: StreamClose) -> bool:
        """The hub sends no more on a stream; whether it is one of these."""
        found = self._open.get(message.stream)
        if found is not None:
            found.end(cancelled=message.reason == "cancelled")
        return found is not None or message.stream in self._over
