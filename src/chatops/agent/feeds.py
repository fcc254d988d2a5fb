"""Feeds: bytes that the agent makes for one watcher, only while it watches.

The source of a feed (a container's log, a pull, a file that is followed) runs in a thread of its
own and writes to it. When the hub's credit and a small buffer are used up, ``Feed.write`` waits: a
slow watcher slows its own source, and nothing else. A feed ends with its source, and with whoever
took it: when the hub closes it, the session is over, or the agent stops. Nothing of it is kept.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final

from chatops.protocol import codec
from chatops.protocol.frames import MAX_STREAM, encode_frame
from chatops.protocol.limits import MAX_AGENT_FEEDS, MAX_COPY_DATA, MAX_STREAM_DATA, KiB
from chatops.protocol.messages import StreamClose, StreamCredit, StreamName, StreamOpen

ACCEPT_WITHIN: Final = 15.0
"""Seconds that a source has to begin, or to say why it cannot."""
ROOM: Final = 256 * KiB
"""Bytes that wait in a feed before its source has to."""
_PIECES: Final = 4096
"""The same in pieces, of which each is of one stream."""
_LAST: Final = 2.0
"""Seconds that threads have to end when the agent stops."""
_log = logging.getLogger(__name__)


class FeedEnded(Exception):
    """Nobody takes the feed any more: its source is to stop."""


class FeedError(Exception):
    """A source cannot begin, or go on. ``code`` is one of chatops.errors."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Source = Callable[["Feed"], None]
"""Begins, says so with ``Feed.accept``, and writes until there is no more."""
Answer = Callable[[Any | FeedError], None]
"""Called once, in the event loop, with what a source accepted with, or why it could not."""


class Feed:
    """One feed: what was written and is not sent yet, in the order of all its streams."""

    def __init__(
        self, streams: Sequence[StreamOpen], on_loop: Callable[[Callable[[], object]], None]
    ) -> None:
        self.numbers: Final = {one.name: one.stream for one in streams}
        self._credit = {one.name: one.credit for one in streams}
        self._half = {name: max(credit // 2, 1) for name, credit in self._credit.items()}
        self._offsets = dict.fromkeys(self.numbers, 0)
        self._pieces: deque[tuple[StreamName, bytes | bytearray]] = deque()
        self._held = 0
        self._change = threading.Condition()
        self._on_loop = on_loop
        self._known = False
        """Whether the event loop will look by itself for what was written."""
        self._ending: StreamClose | None = None
        self._interrupts: list[Callable[[], object]] = []
        self.over = False
        """Nobody takes it any more, or all of it is sent."""
        self.on_accept: Callable[[Any], None] = lambda data: None
        self.on_moved: Callable[[], None] = lambda: None

    # -- called by the source, in its thread ---------------------------------------------------

    def accept(self, data: Any) -> None:
        """The source has begun: ``data`` answers the request, and bytes may follow."""
        self._on_loop(lambda: self.on_accept(data))

    def write(self, name: StreamName, data: bytes) -> None:
        """The next bytes of a stream, at most 256 KiB; waits as long as the watcher is behind. A
        stream that was not asked for takes none.

        Raises:
            FeedEnded: nobody takes them.
        """
        with self._change:
            while not self.over and (self._held >= ROOM or len(self._pieces) >= _PIECES):
                self._change.wait()
            if self.over:
                raise FeedEnded
            if name not in self.numbers or not data:
                return
            self._append(name, data)
            known, self._known = self._known, True
        if not known:
            self._on_loop(lambda: self.on_moved())

    def on_end(self, interrupt: Callable[[], object]) -> None:
        """Have ``interrupt`` called, in whatever thread, when nobody takes the feed any more: it
        makes what the source waits for end."""
        with self._change:
            if not self.over:
                self._interrupts.append(interrupt)
                return
        interrupt()

    def finish(self, reason: str = "eof", error: str | None = None) -> None:
        """The source is at its end; what was written is sent before that is said."""
        with self._change:
            self._ending = StreamClose(stream=0, reason=reason, error=error)
            self._known = True
        self._on_loop(lambda: self.on_moved())

    # -- called by the event loop --------------------------------------------------------------

    def give(self, message: StreamCredit) -> None:
        """The hub takes more of a stream."""
        for name, number in self.numbers.items():
            if number == message.stream:
                self._credit[name] += message.credit

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub; None when there is nothing that can be sent now."""
        with self._change:
            frame = self._next_frame()
            if frame is None:
                self._known = False
            else:
                self._change.notify_all()
            return frame

    def end(self) -> None:
        """Nobody takes it any more."""
        with self._change:
            self.over = True
            self._pieces.clear()
            self._held = 0
            interrupts, self._interrupts = self._interrupts, []
            self._change.notify_all()
        for interrupt in interrupts:
            interrupt()

    # -- inside ----------------------------------------------------------------------------------

    def _append(self, name: StreamName, data: bytes) -> None:
        stream, last = self._pieces[-1] if self._pieces else (None, b"")
        joined = stream == name and len(last) + len(data) <= MAX_STREAM_DATA
        if joined and isinstance(last, bytearray):
            last.extend(data)
        else:
            large = len(data) >= MAX_STREAM_DATA
            self._pieces.append((name, data if large else bytearray(data)))
        self._held += len(data)

    def _next_frame(self) -> str | bytes | None:
        if self.over:
            return None
        if not self._pieces:
            return self._next_close()
        name, piece = self._pieces[0]
        size = min(len(piece), self._credit[name], MAX_COPY_DATA)
        least = self._half[name] if len(piece) > MAX_STREAM_DATA else 1
        if size < min(len(piece), least):  # more credit is on its way: a copy's block is not cut
            return None
        frame = encode_frame(self.numbers[name], self._offsets[name], memoryview(piece)[:size])
        self._offsets[name] += size
        self._credit[name] -= size
        self._held -= size
        if size == len(piece):
            self._pieces.popleft()
        else:
            self._pieces[0] = (name, piece[size:])
        return frame

    def _next_close(self) -> str | None:
        """Each stream is closed, and after the last one the feed is over."""
        if self._ending is None:
            return None
        name = next(iter(self._offsets))
        offset = self._offsets.pop(name)
        self.over = not self._offsets
        ending = self._ending
        close = StreamClose(
            stream=self.numbers[name], offset=offset, reason=ending.reason, error=ending.error
        )
        return codec.encode(close)


class Feeds:
    """All feeds of this agent. They do not outlive the session in which they were asked for."""

    def __init__(self, limit: int = MAX_AGENT_FEEDS) -> None:
        self._limit = limit
        self._wake: Callable[[], None] | None = None
        self._feeds: dict[int, Feed] = {}
        self._ready: dict[Feed, None] = {}
        self._threads: set[threading.Thread] = set()

    def start(
        self, streams: Sequence[StreamOpen], source: Source, answer: Answer, *, name: str
    ) -> None:
        """Begin a feed. ``answer`` is called unless nobody waits for it any more.

        Raises:
            FeedError: it cannot be begun.
        """
        numbers = [one.stream for one in streams]
        if len(set(numbers)) < len(numbers) or not numbers or max(numbers) > MAX_STREAM:
            raise FeedError("invalid", "the streams do not fit")
        if any(number in self._feeds for number in numbers):
            raise FeedError("invalid", "a stream of that number is open")
        if len(self._threads) >= self._limit:
            text = f"the agent has {self._limit} feeds at a time: let one of them end first"
            raise FeedError("busy", text)
        feed = Feed(streams, _caller(asyncio.get_running_loop()))
        worker = threading.Thread(
            target=self._work, args=(feed, source), name=f"chatops-feed {name}", daemon=True
        )
        self._await(feed, answer)
        self._threads.add(worker)
        try:
            worker.start()
        except RuntimeError:
            self._threads.discard(worker)
            feed.end()
            raise FeedError("busy", "the system has no room for a thread") from None
        self._feeds.update(dict.fromkeys(numbers, feed))

    # -- the session ---------------------------------------------------------------------------

    def connected(self, wake: Callable[[], None]) -> None:
        """A session begins; ``wake`` is called when ``next_frame`` has something."""
        self._wake = wake

    def disconnected(self) -> None:
        """It is over, and with it all feeds."""
        self._wake = None
        for feed in set(self._feeds.values()):
            self._drop(feed)

    def next_frame(self) -> str | bytes | None:
        """The next frame for the hub, the feeds in turn; None when there is nothing."""
        while self._ready:
            feed = next(iter(self._ready))
            del self._ready[feed]
            frame = feed.next_frame()
            if frame is None:
                continue
            if feed.over:
                self._drop(feed)
            else:
                self._ready[feed] = None
            return frame
        return None

    def credit(self, message: StreamCredit) -> bool:
        """The hub takes more of a stream; whether it is one of these."""
        feed = self._feeds.get(message.stream)
        if feed is None:
            return False
        feed.give(message)
        self._moved(feed)
        return True

    def shut(self, message: StreamClose) -> bool:
        """The hub wants no more of a stream, and so of its feed; whether it is one of these."""
        feed = self._feeds.get(message.stream)
        if feed is not None:
            self._drop(feed)
        return feed is not None

    async def close(self) -> None:
        """The agent stops: end all, and wait a moment for their threads."""
        self.disconnected()
        deadline = time.monotonic() + _LAST
        while time.monotonic() < deadline:
            if not self._threads:
                return
            await asyncio.sleep(0.01)

    # -- inside ----------------------------------------------------------------------------------

    def _await(self, feed: Feed, answer: Answer) -> None:
        """Pass on how the source begins, or that it does not in time."""

        def answered(data: Any | FeedError) -> None:
            timer.cancel()
            feed.on_accept = lambda data: None
            if feed.over:
                return
            answer(data)
            if isinstance(data, FeedError):
                self._drop(feed)
            else:
                feed.on_moved = lambda: self._moved(feed)
                self._moved(feed)

        late = FeedError("timed_out", f"nothing began within {ACCEPT_WITHIN:g} s")
        loop = asyncio.get_running_loop()
        timer = loop.call_later(ACCEPT_WITHIN, lambda: feed.on_accept(late))
        feed.on_accept = answered

    def _moved(self, feed: Feed) -> None:
        if not feed.over and self._wake is not None:
            self._ready[feed] = None
            self._wake()

    def _drop(self, feed: Feed) -> None:
        self._ready.pop(feed, None)
        for number in feed.numbers.values():
            self._feeds.pop(number, None)
        feed.end()

    def _work(self, feed: Feed, source: Source) -> None:
        try:
            error = _run(feed, source)
            if error is not None:
                feed.finish(error.code, error.message)
                feed.accept(error)  # nobody hears of it twice: it is one or the other
            else:
                feed.finish()
        finally:
            self._threads.discard(threading.current_thread())


def _caller(loop: asyncio.AbstractEventLoop) -> Callable[[Callable[[], object]], None]:
    def call(step: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # the loop was closed meanwhile
            loop.call_soon_threadsafe(step)

    return call


def _run(feed: Feed, source: Source) -> FeedError | None:
    try:
        source(feed)
    except FeedEnded:
        return None
    except FeedError as error:
        return error
    except Exception:  # noqa: BLE001  (whatever fails, the hub must not wait in vain)
        _log.exception("the source of a feed failed")
        return FeedError("conflict", "the agent had an internal fault")
    return None
