"""Reading a history: cells of a level or raw chunks, and the samples that are still open.

It runs in a reader's thread, in one snapshot of the database: a sample is there as an open row or
in what was made of it, never as both.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from chatops.protocol.metric_names import columns, parse_metric, value_of
from chatops.protocol.metrics import Sample
from chatops.server.crud import metric_history as crud
from chatops.server.crud import metrics as open_rows
from chatops.server.crud.metrics import OpenSample
from chatops.server.db.transactions import Transaction
from chatops.server.services.metrics.cells import Cell, read
from chatops.server.services.metrics.closing import (
    LONGEST,
    SKEW,
    milliseconds,
    scaled,
    second_of,
    unit_and_scale,
)
from chatops.server.services.metrics.columns import Broken, unpack
from chatops.server.services.metrics.span import Plan

_log = logging.getLogger(__name__)
_decode: Final = msgspec.json.Decoder(Sample).decode
_FINER: Final = 1000
"""By so much a mean is finer than the values of its metric: it is of some hundred samples."""
Buckets = dict[float, Cell]
"""What is known of a metric, by the second at which a step begins, or a sample was taken."""


class Point(Struct, gc=False):
    """One row of a history. There are thousands, and a struct is made in a third of the time that a
    tuple with names takes."""

    ts: float
    metric: str
    value: float
    least: float
    most: float


@dataclass(frozen=True, slots=True)
class History:
    """The first ``limit`` rows, or few more: a step is never divided. ``next`` is the time at
    which the others begin; None if there are none."""

    points: list[Point]
    next: float | None
    gaps: list[crud.Gap]


class _Metric(NamedTuple):
    """A metric of the answer; without an ``id`` it has nothing closed."""

    name: str
    id: int | None
    scale: int | None


def read_history(
    tx: Transaction,
    server_id: str,
    names: Sequence[str] | None,
    plan: Plan,
    *,
    ids: Sequence[int],
    limit: int,
) -> History:
    """The history of some metrics, or of all. ``ids`` are the open rows of the server, remembered
    before the transaction began."""
    samples = [s for s in open_rows.by_ids(tx, ids) if plan.since <= second_of(s.ts) < plan.until]
    fresh = _open_columns(samples, names)
    stored = {one.name: one for one in crud.series(tx, server_id, names)}
    metrics = [
        _Metric(name, stored[name].id, stored[name].scale) if name in stored
        else _Metric(name, None, unit_and_scale(name)[1])
        for name in (names if names is not None else dict.fromkeys((*stored, *fresh)))
    ]  # fmt: skip
    times = [second_of(sample.ts) for sample in samples]
    points: list[Point] = []
    following = None
    for since, until in plan.windows(len(metrics)):
        points += _window(tx, server_id, metrics, plan, since, until, times, fresh)
        end = _end(points, limit)
        if end < len(points):
            following = points[end].ts
            del points[end:]
            break
    gaps = crud.gaps(tx, server_id, plan.since, plan.until)
    return History(points, following, gaps)


def _window(
    tx: Transaction,
    server_id: str,
    metrics: Sequence[_Metric],
    plan: Plan,
    since: float,
    until: float,
    times: Sequence[float],
    fresh: dict[str, list[float | None]],
) -> list[Point]:
    if plan.level is None:
        found = _raw(tx, server_id, metrics, plan, since, until)
    else:
        found = [_cells(tx, metric, plan, since, until) for metric in metrics]
    for metric, buckets in zip(metrics, found, strict=True):
        values = scaled(fresh.get(metric.name, ()), metric.scale)
        for ts, value in zip(times, values, strict=False):
            if value is not None and since <= ts < until:
                _put(buckets, _bucket(ts, plan.step), Cell(1, value, value, value))
    points = list(chain.from_iterable(map(_points, metrics, found)))
    if len(metrics) > 1:
        points.sort(key=attrgetter("ts"))  # a stable sort: the metrics keep their order
    return points


def _end(points: Sequence[Point], limit: int) -> int:
    """How many of the points are given out: ``limit``, and those of the same step."""
    end = limit
    while 0 < end < len(points) and points[end].ts == points[end - 1].ts:
        end += 1
    return min(end, len(points))


def _cells(tx: Transaction, metric: _Metric, plan: Plan, since: float, until: float) -> Buckets:
    level, found = plan.level, Buckets()
    if metric.id is None or level is None:
        return found
    first, _ = level.place(int(since))
    one_each = plan.step == level.step
    for start, text in crud.cells(tx, metric.id, level.step, first, int(-(-until // 1))):
        try:
            cells = read(text, exact=metric.scale is not None)
        except ValueError as error:
            _log.error("cells of a level are lost: %s", error, extra={"series": metric.id})
            continue
        seconds = [start + number * level.step for number in cells]
        if one_each and since <= start and start + level.span <= until:
            found.update(zip(seconds, cells.values(), strict=True))  # the common case, and fast
            continue
        for second, cell in zip(seconds, cells.values(), strict=True):
            if since <= second < until:
                _put(found, _bucket(second, plan.step), cell)
    return found


def _raw(
    tx: Transaction,
    server_id: str,
    metrics: Sequence[_Metric],
    plan: Plan,
    since: float,
    until: float,
) -> list[Buckets]:
    found: list[Buckets] = [{} for _ in metrics]
    low, high = milliseconds(since), milliseconds(until)
    for chunk in crud.chunks(tx, server_id, low - milliseconds(LONGEST), low, high):
        places = {series: place for place, series in enumerate(chunk.series, 1)}
        own = [places.get(metric.id) if metric.id is not None else None for metric in metrics]
        try:
            packed = unpack(chunk.data, {0, *(place for place in own if place is not None)})
        except Broken as error:
            _log.error("raw samples are lost: %s", error, extra={"server_id": server_id})
            continue
        inside = [row for row, ms in enumerate(packed[0]) if ms is not None and low <= ms < high]
        for buckets, place in zip(found, own, strict=True):
            if place is None:
                continue
            times, values = packed[0], packed[place]
            for row in inside:
                value, ms = values[row], times[row]
                if value is not None and ms is not None:
                    _put(buckets, _bucket(ms / 1000, plan.step), Cell(1, value, value, value))
    return found


def _open_columns(
    samples: Sequence[OpenSample], names: Sequence[str] | None
) -> dict[str, list[float | None]]:
    decoded = [_decode(sample.sample) for sample in samples]
    skews = [sample.skew for sample in samples]
    if names is None:
        return {**(columns(decoded) if decoded else {}), SKEW: skews}
    found: dict[str, list[float | None]] = {}
    for name in names:
        metric, instance = parse_metric(name)
        found[name] = skews if name == SKEW else [value_of(s, metric, instance) for s in decoded]
    return found


def _bucket(ts: float, step: float | None) -> float:
    return ts if step is None else ts // step * step


def _put(buckets: Buckets, start: float, cell: Cell) -> None:
    known = buckets.setdefault(start, cell)
    if known is not cell:
        buckets[start] = known.plus(cell)


def _points(metric: _Metric, buckets: Buckets) -> list[Point]:
    name, scale, rows = metric.name, metric.scale, sorted(buckets.items())
    if scale is None:
        return [Point(at, name, total / n, least, most) for at, (n, total, least, most) in rows]
    fine = scale * _FINER
    return [
        Point(at, name, round(total * _FINER / n) / fine, least / scale, most / scale)
        for at, (n, total, least, most) in rows
    ]
