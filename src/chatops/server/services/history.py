"""From stored samples to the rows of a history: pure, and slow enough to run in a thread."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from chatops.errors import InvalidInput
from chatops.protocol.limits import MAX_HISTORY_ROWS
from chatops.protocol.metric_names import Metric, parse_metric, value_of
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

    @property
    def max_samples(self) -> int:
        """How many samples to read at most; one more page is cheaper than too much memory."""
        return MAX_HISTORY_ROWS // 4


def rows_of(taken: Iterable[tuple[float, bytes]], query: HistoryQuery) -> Page[HistoryRow]:
    """The rows of one page. ``next`` is the time at which the following page begins."""
    metrics = [(name, *parse_metric(name)) for name in query.metrics]
    steps = _collect(taken, metrics, query.step)
    items: list[HistoryRow] = []
    for start in sorted(steps):
        if len(items) >= query.limit:
            return Page(items=items, next=repr(start))
        items += [
            _row(start, name, steps[start][name]) for name, *_ in metrics if name in steps[start]
        ]
    return Page(items=items)


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


def _collect(
    taken: Iterable[tuple[float, bytes]],
    metrics: list[tuple[str, Metric, str]],
    step: float | None,
) -> dict[float, dict[str, list[float]]]:
    steps: dict[float, dict[str, list[float]]] = {}
    for ts, blob in taken:
        sample = _decode(blob)
        start = ts if step is None else math.floor(ts / step) * step
        for name, metric, instance in metrics:
            value = value_of(sample, metric, instance)
            if value is not None:
                steps.setdefault(start, {}).setdefault(name, []).append(value)
    return steps


def _row(start: float, name: str, values: list[float]) -> HistoryRow:
    return HistoryRow(
        ts=format_time(start),
        metric=name,
        value=sum(values) / len(values),
        min=min(values),
        max=max(values),
    )
