"""Which lines are shown, of sources for which the hub does not choose."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple, get_args

from chatops.cli.tailing.lines import Line
from chatops.protocol.patterns import Finder, finder
from chatops.protocol.rest import LogLevel

_LEVELS: Final = get_args(LogLevel)
LOOK: Final = 200_000
"""Lines among which the last ones that are wanted are looked for: more cost too much to bring."""


class Filter(NamedTuple):
    """Lines of ``level`` or worse (one whose level is not known counts as info), in which
    ``finder`` finds something; of a long line each part for itself."""

    level: LogLevel | None = None
    finder: Finder | None = None

    def of(self, lines: Sequence[Line]) -> Sequence[Line]:
        """Those of some lines."""
        if self.level is not None:
            wanted = _LEVELS[_LEVELS.index(self.level) :]
            lines = [one for one in lines if (one.level or "info") in wanted]
        if self.finder is not None:
            finder = self.finder
            lines = [one for one in lines if finder(one.message)]
        return lines


class Wanted(NamedTuple):
    """The last ``lines`` of ``level`` or worse in which the pattern ``grep`` is found, and with
    ``follow`` such as come."""

    lines: int = 100
    follow: bool = False
    level: LogLevel | None = None
    grep: str | None = None

    @property
    def filter(self) -> Filter:
        """What lets them through."""
        return Filter(self.level, None if self.grep is None else finder(self.grep))

    @property
    def looks(self) -> bool:
        """Whether the last ones are to be looked for among others."""
        return self.lines > 0 and (self.level is not None or self.grep is not None)

    @property
    def brought(self) -> int:
        """How many of the last lines a source is asked for."""
        return max(LOOK, self.lines) if self.looks else self.lines

    def last(self, there: Iterable[Sequence[Line]], say: Callable[[str], None]) -> list[Line]:
        """The wanted ones of the lines that a source brought; says if it had more of them."""
        kept: deque[Line] = deque(maxlen=self.lines)
        among, count = self.filter, 0
        for some in there:
            count += len(some)
            kept.extend(among.of(some))
        if count >= self.brought and len(kept) < self.lines:
            say(f"looked at the last {self.brought:,} lines only")
        return list(kept)
