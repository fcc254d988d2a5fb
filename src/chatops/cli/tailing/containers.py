"""The log of a container as lines."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from chatops.cli.log_following import LogFollower
from chatops.cli.log_lines import Segment, order
from chatops.cli.reopening import PASSING, reopened
from chatops.cli.several import named
from chatops.cli.tailing.filtering import Wanted
from chatops.cli.tailing.lines import LONGEST, Line
from chatops.client import Client
from chatops.client.container_feeds import ContainerLog
from chatops.errors import NotFound
from chatops.text import escape
from chatops.units import format_time

PAUSE: Final = 2.0
"""Seconds between two looks whether a container that has stopped runs again."""
Pieces = Iterable[tuple[str, list[Segment]]]


class ContainerLines:
    """The wanted lines of what a container of one server wrote last, followed also of what it goes
    on writing, over stops and starts. ``described``: levels are read from the lines."""

    def __init__(
        self, client: Client, server: str, container: str, say: Callable[[str], None],
        wanted: Wanted, *, described: bool,
    ) -> None:  # fmt: skip
        self.name = server
        self._client = client
        self._container = container
        self._say_it = say
        self._wanted = wanted
        self._described = described
        self._following = wanted.follow and not wanted.looks
        self._log = LogFollower(self._open, self._say, lasting=wanted.follow)
        self._held: dict[str, Segment] = {}
        self._started: str | None = None
        """When it was started, as the engine said when that was last looked at."""

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, to the log's end or (followed) without one.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        wanted, first = self._wanted, self._joined(self._log.pieces())
        with self._client:
            if wanted.looks:
                yield wanted.last(first, self._say)
            else:
                yield from map(wanted.filter.of, first)
            while wanted.follow:
                if self._following:
                    self._await_start()
                self._following = True
                yield from map(wanted.filter.of, self._joined(self._log.further()))

    def _joined(self, pieces: Pieces) -> Iterator[Sequence[Line]]:
        for stream, segments in pieces:
            yield [line for one in segments for line in self._join(stream, one)]
        yield [self._line(one, ended=self._wanted.follow) for one in self._held.values()]
        self._held.clear()

    def _await_start(self) -> None:
        """The container has stopped: wait until it (or another one of its name) starts again."""
        if self._has_started():
            return
        self._say(f"{escape(self._log.container)} has stopped; waiting for it to start again")
        while not self._has_started():
            time.sleep(PAUSE)

    def _has_started(self) -> bool:
        """Whether it runs, or did since the last look."""
        try:
            state = self._state()
        except PASSING as error:
            state = reopened(self._state, error, self._say)
        known, self._started = self._started, state.get("StartedAt")
        return bool(state.get("Running")) or (known is not None and self._started != known)

    def _state(self) -> dict[str, Any]:
        try:
            found = self._client.docker.inspect(self.name, self._log.container)
        except NotFound:
            return {"StartedAt": self._started}
        return found.detail.get("State") or {}

    def _say(self, text: str) -> None:
        self._say_it(named(self.name, text))

    def _open(self, again: float | None) -> ContainerLog:
        """The log from a time on; of one that had no line yet what came since it was started."""
        since = again
        if again is None and self._started is not None:
            since = order(self._started.encode())[0]
        return self._client.docker.logs(
            self.name, self._container, follow=self._following, timestamps=True, since=since,
            tail=self._wanted.brought if since is None else None,
        )  # fmt: skip

    def _join(self, stream: str, one: Segment) -> Iterator[Line]:
        """The lines that a segment ends, and what of a long one must be given now."""
        held = self._held.pop(stream, None)
        if held is not None and one.first:
            yield self._line(held, ended=True)
        elif held is not None:
            one = held._replace(data=held.data + one.data)
        if one.data.endswith(b"\n"):
            yield self._line(one._replace(data=one.data[:-1]), ended=True)
        elif len(one.data) < LONGEST:
            self._held[stream] = one
        else:
            yield self._line(one, ended=False)

    def _line(self, one: Segment, *, ended: bool) -> Line:
        seconds, nanos = order(one.stamp)
        return Line(
            server=self._log.server, message=one.data, ts=format_time(seconds + nanos / 1e9),
            level=self._level(one.data, seconds) if self._described else None,
            source=f"container:{self._log.container}", ended=ended,
        )  # fmt: skip

    def _level(self, data: bytes, now: float) -> str:
        """The level that the agent would ship."""
        from chatops.protocol.line_formats import read

        return read(data.decode("utf-8", "replace"), now).level or "info"
