"""The log of a container as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatops.cli.log_following import LogFollower
from chatops.cli.log_lines import Segment, order
from chatops.cli.tailing.lines import LONGEST, Line
from chatops.client import Client
from chatops.client.container_feeds import ContainerLog
from chatops.text import escape
from chatops.units import format_time


class ContainerLines:
    """What a container of one server wrote last, and with ``follow`` what it goes on writing."""

    def __init__(
        self, client: Client, server: str, container: str, say: Callable[[str], None],
        *, lines: int, follow: bool,
    ) -> None:  # fmt: skip
        self.name = server
        self._client = client
        self._container = container
        self._lines = lines
        self._follow = follow
        self._log = LogFollower(
            self._open, lambda text: say(f"{escape(server)}: {text}"), lasting=follow
        )
        self._held: dict[str, Segment] = {}

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, until the container stops.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        with self._client:
            for stream, segments in self._log.pieces():
                yield [line for one in segments for line in self._join(stream, one)]
            yield [self._line(one, ended=True) for one in self._held.values()]

    def _open(self, again: float | None) -> ContainerLog:
        return self._client.docker.logs(
            self.name, self._container, follow=self._follow, timestamps=True, since=again,
            tail=self._lines if again is None else None,
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
            source=f"container:{self._log.container}", ended=ended,
        )  # fmt: skip
