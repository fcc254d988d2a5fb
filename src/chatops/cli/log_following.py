"""The log of a container with the times of its lines, also when the hub or the agent goes away in
between: it is asked for again from the newest line on, and what came before is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from chatops.cli.log_lines import Cutter, Place, Segment, order
from chatops.cli.reopening import PASSING, reopened
from chatops.errors import ChatOpsError, HubUnreachable, Lost

if TYPE_CHECKING:
    from chatops.client.container_feeds import ContainerLog

_BEFORE: Final = 1.0
"""Seconds that a line of one stream may be older than one of the other that was written first."""
Open = Callable[[float | None], "ContainerLog"]


class LogFollower:
    """``open`` asks for the log, as the user wants it (None) or all of it from a Unix time on.
    ``lasting``: to ask again is right. ``server`` and ``container`` are names, known once it has
    begun."""

    def __init__(self, open_: Open, say: Callable[[str], None], *, lasting: bool) -> None:
        self.server = self.container = ""
        self._open = open_
        self._say = say
        self._lasting = lasting
        self._places = {"stdout": Place(), "stderr": Place()}

    def pieces(self) -> Iterator[tuple[str, list[Segment]]]:
        """The name of a stream and what came on it, each line once, until the log ends.

        Raises:
            HubUnreachable, Lost: it was lost for good.
            ChatOpsError: it cannot be had.
        """
        log = self._open(None)
        self.server, self.container = log.server, log.container
        yield from self._go_on(log)

    def further(self) -> Iterator[tuple[str, list[Segment]]]:
        """The same of what was written since the log ended.

        Raises:
            ChatOpsError: as ``pieces``.
        """
        yield from self._go_on(None)

    def _go_on(self, log: ContainerLog | None) -> Iterator[tuple[str, list[Segment]]]:
        while True:
            try:
                yield from self._read(log or self._resume())
                return
            except PASSING as error:
                if not self._lasting:
                    raise
                log = self._again(error)

    def _read(self, log: ContainerLog) -> Iterator[tuple[str, list[Segment]]]:
        cutters = {name: Cutter() for name in self._places}
        try:
            for piece in log:
                place = self._places[piece.stream]
                cut = cutters[piece.stream].cut(piece.data)
                yield piece.stream, [one for one in map(place.fresh, cut) if one is not None]
        finally:
            log.close()

    def _again(self, error: ChatOpsError) -> ContainerLog:
        """Ask until it is there.

        Raises:
            HubUnreachable, Lost: there was time enough.
            ChatOpsError: the answer is no.
        """
        try:
            return reopened(self._resume, error, self._say)
        except PASSING as failure:
            raise self._final(failure) from None

    def _resume(self) -> ContainerLog:
        for place in self._places.values():
            place.resume()
        return self._open(self._since())

    def _since(self) -> float | None:
        newest = max(order(place.stamp) for place in self._places.values())
        return newest[0] + newest[1] / 1e9 - _BEFORE if newest[0] else None

    def _final(self, error: ChatOpsError) -> ChatOpsError:
        stamps = [place.stamp for place in self._places.values()]
        newest = max(stamps, key=order).decode("ascii", "replace")
        where = f"the log of {self.container} on {self.server} was lost"
        hint = f"its last line here is of {newest}" if newest else None
        text = f"{where}: {error.message}"
        if isinstance(error, HubUnreachable):
            return HubUnreachable(text, hint=hint)
        return Lost(text, hint=hint)
