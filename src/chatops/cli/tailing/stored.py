"""The stored stream of servers as lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from chatops.cli import show
from chatops.cli.tailing.lines import Line, stored_line
from chatops.cli.watching import gone
from chatops.errors import NotFound
from chatops.text import counted, escape

if TYPE_CHECKING:
    from chatops.client.log_tail import LogTail
    from chatops.protocol.client_messages import LogPage

PATIENCE: Final = 60.0
"""Seconds for which a hub that is away is waited for."""


class StoredLines:
    """Lines of all servers that TARGET means, in the order in which the hub received them. What is
    missing is said."""

    def __init__(self, target: str, tail: LogTail, say: Callable[[str], None]) -> None:
        self.name = target
        self._tail = tail
        self._say = say
        self._none = False

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come.

        Raises:
            ChatOpsError: they cannot be had, or are lost for good.
        """
        begun = False
        try:
            for page in self._tail:
                begun = True
                self._tell(page)
                yield [stored_line(one) for one in page.entries]
        except NotFound:
            if not begun:
                raise
            raise gone(self.name) from None

    def _tell(self, page: LogPage) -> None:
        if page.none and not self._none:
            self._say(f"no server matches {escape(self.name[:80])!r} any more; waiting for one")
        self._none = page.none
        if page.since is not None:
            when = escape(show.local(page.since) or "-")
            self._say(f"looked no further back than {when}; `chatops logs search` does")
        if page.gap is not None:
            self._say(f"lines may be missing here: {escape(page.gap)}")
        if page.left_out:
            text = f"{counted(page.left_out, 'line')} left out here: this was too far behind"
            self._say(f"{text}; `chatops logs search` finds them")
