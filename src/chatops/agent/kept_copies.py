"""Copies to this host that were cut off, kept for a while: their client comes back to them, and
sends the rest. Those that nobody comes back to leave nothing behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from chatops.agent.feeds import Feed, FeedError
from chatops.copying.receiving import Receiver
from chatops.protocol.limits import COPY_KEPT

_MOST: Final = 64
"""Copies that are kept, the newest."""
_MOST_FILES: Final = 256
"""Descriptors that they hold, one for each folder that is being filled. One copy has fewer."""
_HANDOVER: Final = 10.0
"""Seconds that the thread of a dead connection has to let its copy go."""


@dataclass(slots=True)
class _Kept:
    receiver: Receiver
    path: bytes
    until: float


class KeptCopies:
    """The copies that are being written, and those that are kept, by their ids."""

    def __init__(self, seconds: float = COPY_KEPT) -> None:
        self._seconds = seconds
        self._kept: dict[str, _Kept] = {}
        self._busy: dict[str, Feed] = {}
        self._change = threading.Condition()
        self._timer: threading.Timer | None = None
        self._closed = False

    @contextmanager
    def held(self, copy_id: str, feed: Feed) -> Iterator[None]:
        """The copy is ``feed``'s from here on: one that had it before, over a connection that is
        dead, ends.

        Raises:
            FeedError: that one does not.
        """
        with self._change:
            if (older := self._busy.get(copy_id)) is not None:
                older.end()
            if not self._change.wait_for(lambda: copy_id not in self._busy, _HANDOVER):
                raise FeedError("busy", "the copy that was cut off has not ended yet")
            self._busy[copy_id] = feed
        try:
            yield
        finally:
            with self._change:
                del self._busy[copy_id]
                self._change.notify_all()

    def take(self, copy_id: str, path: bytes) -> Receiver | None:
        """What is there of a copy to ``path``; None: nothing."""
        with self._change:
            kept = self._kept.get(copy_id)
            if kept is None:
                return None
            del self._kept[copy_id]
            if kept.path != path:
                kept.receiver.abandon()
                return None
            return kept.receiver

    def keep(self, copy_id: str, path: bytes, receiver: Receiver) -> None:
        """Its connection was cut."""
        with self._change:
            if self._closed:
                receiver.abandon()
                return
            self._kept[copy_id] = _Kept(receiver, path, time.monotonic() + self._seconds)
            while len(self._kept) > _MOST or self._open_files() > _MOST_FILES:
                self._kept.pop(next(iter(self._kept))).receiver.abandon()
            self._watch()

    def close(self) -> None:
        """The agent stops: nothing is kept."""
        with self._change:
            self._closed = True
            for kept in self._kept.values():
                kept.receiver.abandon()
            self._kept.clear()
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            timer.join()

    def _open_files(self) -> int:
        return sum(kept.receiver.open_files for kept in self._kept.values())

    def _watch(self) -> None:
        if self._timer is None and self._kept:
            first = min(kept.until for kept in self._kept.values())
            self._timer = threading.Timer(max(first - time.monotonic(), 0), self._expire)
            self._timer.name, self._timer.daemon = "chatops-kept-copies", True
            self._timer.start()

    def _expire(self) -> None:
        with self._change:
            if self._closed:
                return
            now = time.monotonic()
            for copy_id in [key for key, kept in self._kept.items() if kept.until <= now]:
                self._kept.pop(copy_id).receiver.abandon()
            self._timer = None
            self._watch()
