"""Which level answers a history, and in which steps. Pure.

Of the levels that still have the whole span the coarsest that divides the step that was asked for;
else the coarsest whose step is not longer; else the finest. Without a step: the finest, raw samples
being the finest of all. Steps are multiples of the level's, and of a second. A span that begins up
to SLACK before what is kept counts as kept: who asks for the last seven days asks a moment later.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from chatops.errors import InvalidInput
from chatops.server.db.levels import LEVELS, Level

DEFAULT_METRICS: Final = ("cpu", "memory", "disk")
MIN_STEP: Final = 1.0
"""Seconds of the shortest step; of samples, too, steps are whole multiples of it, as sums of
fractions do not meet the boundaries that they should."""
MAX_STEP: Final = 1e10
SLACK: Final = 60.0
RAW_WINDOW: Final = 3600
"""Seconds of raw samples that are read at once of FEW metrics; of more the less."""
ROWS_AT_ONCE: Final = 24
"""Rows of a level, of each series, that are read at once of FEW metrics."""
FEW: Final = 20


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """``since`` to ``until`` in Unix seconds; ``step`` in seconds, None for the finest there is.
    ``metrics`` None means all. ``limit`` is of rows."""

    metrics: tuple[str, ...] | None
    since: float
    until: float
    step: float | None
    limit: int


class Kept(NamedTuple):
    """How long raw samples and the levels are kept, in seconds; a level as long as the finer
    one at least."""

    raw: float
    levels: tuple[float, ...]


class Plan(NamedTuple):
    """How a history is read: from ``level`` (None: raw samples), one row each ``step`` seconds
    (None: each sample), from ``since`` to ``until``."""

    level: Level | None
    step: float | None
    since: float
    until: float

    def windows(self, metrics: int) -> Iterator[tuple[float, float]]:
        """The parts of the span that are read one after the other, each at the boundaries of the
        level's rows and of the steps: the shorter, the more metrics are read, because all that is
        in one of them is held."""
        parts = max(1, metrics // FEW)
        size = float(
            self.level.span * max(1, ROWS_AT_ONCE // parts) if self.level
            else max(1, RAW_WINDOW // parts)
        )  # fmt: skip
        if self.step is not None:
            size = max(1, size // self.step) * self.step
        start = self.since
        while start < self.until:
            end = min((start // size + 1) * size, self.until)
            yield start, end
            start = end


def plan(query: HistoryQuery, kept: Kept, now: float) -> Plan:
    """How a query is answered. What is older than anything that is kept is not looked for."""
    since = max(query.since, now - max(kept.raw, *kept.levels))
    level = _level(query.step, since, kept, now)
    step = query.step
    unit = MIN_STEP if level is None else level.step
    if level is not None:
        step = step or level.step
        since = since // level.step * level.step
    if step is not None:
        step = math.ceil(step / unit) * unit
    return Plan(level, step, since, query.until)


def _level(step: float | None, since: float, kept: Kept, now: float) -> Level | None:
    oldest = now - SLACK
    if since >= oldest - kept.raw and (step is None or step < LEVELS[0].step):
        return None
    wanted = [level for level in reversed(LEVELS) if step is not None and level.step <= step]
    exact = [level for level in wanted if step is not None and step % level.step == 0]
    for level in (*exact, *wanted, *LEVELS):
        if since >= oldest - kept.levels[LEVELS.index(level)]:
            return level
    return LEVELS[-1]


class Place(NamedTuple):
    """Where a page of a history begins, and the step of the pages before it, which stays."""

    start: float
    step: float | None


def write_cursor(start: float | None, step: float | None) -> str | None:
    """A page's ``next``; None at the end."""
    return None if start is None else f"{start!r}/{step or 0.0!r}"


def read_cursor(cursor: str) -> Place:
    """The place that a page's ``next`` stands for.

    Raises:
        InvalidInput: it is none.
    """
    try:
        start, step = map(float, cursor.split("/"))
    except ValueError:
        start = step = math.nan
    if not math.isfinite(start) or not (step == 0 or MIN_STEP <= step <= MAX_STEP):
        raise InvalidInput(
            "the cursor is not one of a history's", hint="pass `next` of the page before, unchanged"
        )
    return Place(start, step or None)
