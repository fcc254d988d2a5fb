"""Which lines are shown, of sources for which the hub does not choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, get_args

from chatops.cli.tailing.lines import Line
from chatops.protocol.patterns import Finder
from chatops.protocol.rest import LogLevel

_LEVELS: Final = get_args(LogLevel)


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
