"""Whoever takes a feed, in the place of the hub: its bytes, its marks, and its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, cast

import msgspec

from chatops.agent.feeds import Feed, FeedEnded, Source
from chatops.protocol.log_feeds import FileMark
from tests.support.waiting import until


class Taker:
    """Takes a feed's bytes as its only watcher does, and keeps its place."""

    def __init__(self) -> None:
        self.over = False
        self.began: Any = None
        self.data = b""
        self.marks: list[FileMark] = []
        self.place = ("", 0)
        self._interrupts: list[Callable[[], object]] = []

    def accept(self, data: Any) -> None:
        self.began = data

    def write(self, name: str, data: bytes) -> None:
        if self.over:
            raise FeedEnded
        if name == "stderr":
            self.marks.append(msgspec.json.decode(data, type=FileMark))
            self.place = (self.marks[-1].place, 0)
        else:
            self.data += data
            self.place = (self.place[0], self.place[1] + len(data))

    def on_end(self, interrupt: Callable[[], object]) -> None:
        self._interrupts.append(interrupt)

    def end(self) -> None:
        self.over = True
        for interrupt in self._interrupts:
            interrupt()

    @property
    def news(self) -> list[str]:
        return [one.news for one in self.marks if one.news is not None]


class Taking:
    """A source that works in a thread, as feeds do, until the block ends."""

    def __init__(self, source: Source) -> None:
        self._taker = Taker()
        self._source = source
        self._ended: BaseException | None = None
        self._thread = threading.Thread(target=self._work)

    def _work(self) -> None:
        try:
            self._source(cast("Feed", self._taker))
        except BaseException as error:  # noqa: BLE001  (raised in the test's own thread)
            self._ended = error

    def __enter__(self) -> Taker:
        self._thread.start()
        until(lambda: self._taker.began is not None or not self._thread.is_alive())
        return self._taker

    def __exit__(self, *_: object) -> None:
        self._taker.end()
        self._thread.join(30)
        if not isinstance(self._ended, FeedEnded):
            raise AssertionError("it ended otherwise") from self._ended
