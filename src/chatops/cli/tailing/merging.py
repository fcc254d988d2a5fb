"""The lines of several sources as one stream."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from chatops.cli.several import not_asked
from chatops.cli.tailing.lines import Line, Source
from chatops.errors import ChatOpsError

_WAITING: Final = 64
"""Batches of lines that may wait to be shown; when they are shown more slowly, sources wait."""
_MOST: Final = 1000
"""Lines of a batch that waits: a piece of a file can be sixty thousand, of nothing."""
Item = Sequence[Line] | BaseException | None
"""Lines, or what ended a source: an error, or (None) its end."""


class Merged:
    """Follows each source in a thread of its own. One that fails is said, and the others go on;
    ``failed`` counts them."""

    def __init__(self, sources: Sequence[Source], say: Callable[[str], None]) -> None:
        self.failed = 0
        self._sources = sources
        self._say = say
        self._feed: queue.Queue[tuple[Source, Item]] = queue.Queue(_WAITING)

    def lines(self) -> Iterator[Sequence[Line]]:
        """Lines as they come, until all sources have ended."""
        for source in self._sources:
            threading.Thread(
                target=self._follow, args=(source,), name=f"tail {source.name}", daemon=True
            ).start()
        open_ = len(self._sources)
        while open_:
            source, item = self._feed.get()
            if item is None:
                open_ -= 1
            elif isinstance(item, ChatOpsError):
                open_ -= 1
                self.failed += 1
                self._say(not_asked(source.name, item))
            elif isinstance(item, BaseException):
                raise item
            else:
                yield item

    def _follow(self, source: Source) -> None:
        try:
            for lines in source.lines():
                for begin in range(0, len(lines), _MOST):
                    self._feed.put((source, lines[begin : begin + _MOST]))
        except BaseException as error:  # noqa: BLE001  (raised where it can be told)
            self._feed.put((source, error))
        else:
            self._feed.put((source, None))
