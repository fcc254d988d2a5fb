"""From stored samples to the rows of a history: pure, and slow enough to run in a thread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from chatops.errors import InvalidInput
from chatops.protocol.metric_names import parse_metric, value_of
from chatops.protocol.metrics import Sample
from chatops.protocol.rest import HistoryRow, Page
from chatops.units import format_time

DEFAULT_METRICS: Final = ("cpu", "memory", "disk")
_decode = msgspec.json.Decoder(Sample).decode


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """``since`` to ``until`` in Unix seconds; ``step`` in seconds, None for raw samples.
    ``limit`` is of rows."""

    metrics: tuple[str, ...]
    since: float
    until: float
    step: float | None
    limit: int


@dataclass(slots=True)
class _Tally:
    """The values of one metric in one step, without the values."""

    count: int = 0
    total: float = 0.0
    least: float = math.inf
    most: float = -math.inf

    def add(self, value: float) -> None:
        self.count += 1
        self.total += value
        self.least = min(self.least, value)
        self.most = max(self.most, value)


class HistoryRows:
    """The rows of one page, from samples that come in order of time. However many those are,
    no more is kept of them than the page has rows.

    Raises:
        InvalidInput: the query names a metric that does not exist.
    """

    def __init__(self, query: HistoryQuery) -> None:
        self._query = query
        self._metrics = [(name, *parse_metric(name)) for name in query.metrics]
        self._steps: dict[float, dict[str, _Tally]] = {}

    def take(self, samples: Iterable[tuple[float, bytes]]) -> bool:
        """Count some more samples in; False when the page is full and needs no others."""
        step, limit = self._query.step, self._query.limit
        for ts, blob in samples:
            self._add(ts if step is None else math.floor(ts / step) * step, _decode(blob))
            if len(self._steps) > limit:
                return False
        return True

    def page(self) -> Page[HistoryRow]:
        """The rows. ``next`` is the time at which the following page begins."""
        items: list[HistoryRow] = []
        for start in sorted(self._steps):
            if len(items) >= self._query.limit:
                return Page(items=items, next=repr(start))
            items += [_row(start, name, tally) for name, tally in self._steps[start].items()]
        return Page(items=items)

    def _add(self, start: float, sample: Sample) -> None:
        for name, metric, instance in self._metrics:
            value = value_of(sample, metric, instance)
            if value is not None:
                self._steps.setdefault(start, {}).setdefault(name, _Tally()).add(value)


def cursor_time(cursor: str) -> float:
    """The time that a page's ``next`` stands for.

    Raises:
        InvalidInput: it is none.
    """
    try:
        start = float(cursor)
    except ValueError:
        start = math.nan
    if not math.isfinite(start):
        raise InvalidInput(
            "the cursor is not one of a history's", hint="pass `next` of the page before, unchanged"
        )
    return start


def _row(start: float, name: str, tally: _Tally) -> HistoryRow:
    return HistoryRow(
        ts=format_time(start),
        metric=name,
        value=tally.total / tally.count,
        min=tally.least,
        max=tally.most,
    )
