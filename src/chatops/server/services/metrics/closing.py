"""Closing: open samples of a server as a chunk, and what they add to the levels. Pure.

A value is kept to the decimals of its metric: multiplied by the scale and rounded. One that is
then beyond ±2**62, or without a scale beyond ±1e150, is left out, as are NaN and infinities: no
host has them, and sums stay finite.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import groupby, islice
from operator import itemgetter
from typing import Final, NamedTuple

from chatops.protocol.limits import LARGEST_VALUE, MAX_OLD_SERIES, MAX_SERVER_SERIES
from chatops.protocol.metric_names import METRICS, columns
from chatops.server.crud.metric_store import LevelRow, Series
from chatops.server.crud.metrics import OpenSample
from chatops.server.db.levels import LEVELS
from chatops.server.services.metrics.cells import (
    Cell,
    Cells,
    cell_of,
    extended,
    full_cell,
    runs,
    together,
    write,
)
from chatops.server.services.metrics.columns import LARGEST, Value
from chatops.server.services.metrics.measured import measured

LONGEST: Final = 3600.0
"""Seconds that a chunk covers at most: whoever reads a span looks so far before it."""
ACTIVE: Final = 86_400.0
"""A series that had values within so many seconds counts as there."""
SKEW: Final = "clock.skew"

RowKey = tuple[int, int, int]
"""A row of a level: series, step, start."""
_log = logging.getLogger(__name__)


class Table(NamedTuple):
    """Samples side by side: when they were taken (ms, ascending), and a column a METRIC name."""

    times: list[int]
    columns: Mapping[str, Sequence[float | None]]


def tables(samples: Sequence[OpenSample]) -> Iterator[Table]:
    """The samples by time, in tables that each cover LONGEST at most."""
    ordered = sorted(samples, key=lambda sample: sample.ts)
    while ordered:
        until = ordered[0].ts + LONGEST
        count = next((n for n, s in enumerate(ordered) if s.ts >= until), len(ordered))
        yield _table(ordered[:count])
        ordered = ordered[count:]


def _table(samples: list[OpenSample]) -> Table:
    found: dict[str, Sequence[float | None]] = dict(
        columns(measured([sample.sample for sample in samples]))
    )
    skews = [sample.skew for sample in samples]
    if skews.count(None) < len(skews):
        found[SKEW] = skews
    return Table([milliseconds(sample.ts) for sample in samples], found)


def milliseconds(ts: float) -> int:
    """A time in whole milliseconds."""
    return round(ts * 1000)


def second_of(ts: float) -> float:
    """A time as it will be once it is closed."""
    return milliseconds(ts) / 1000


def unit_and_scale(name: str) -> tuple[str, int | None]:
    """The unit of a METRIC name, and by what its values are multiplied to be kept."""
    metric = METRICS.get(name.partition(":")[0])
    if metric is None:
        return "", None
    return metric.unit, None if metric.decimals is None else 10**metric.decimals


def scaled(values: Sequence[float | None], scale: int | None) -> list[Value]:
    """A column as it is stored; all None where nothing can be kept."""
    if scale is None:
        top = LARGEST_VALUE
        return [float(v) if v is not None and -top < v < top else None for v in values]
    bound = LARGEST // scale
    with suppress(TypeError, ValueError):  # where there is a gap, or nothing
        if -bound < min(values) and max(values) < bound:  # type: ignore[type-var, operator]
            if scale == 1:
                return list(map(round, values))  # type: ignore[arg-type]
            return [round(v * scale) for v in values]  # type: ignore[operator]  # the common case
    return [round(v * scale) if v is not None and -bound < v < bound else None for v in values]


def admitted(
    names: Sequence[str], known: Sequence[Series], now: float
) -> tuple[list[str], list[str]]:
    """Which new names become series, and which are refused because the server has too many."""
    there = {series.name for series in known}
    active = sum(series.last_at > now - ACTIVE for series in known)
    room = max(0, min(MAX_SERVER_SERIES - active, MAX_OLD_SERIES - len(known)))
    new = iter([name for name in names if name not in there])
    return list(islice(new, room)), list(new)


def stored_columns(table: Table, known: Mapping[str, Series]) -> dict[int, list[Value]]:
    """The columns of a table as they are stored, by their series."""
    return {
        known[name].id: scaled(column, known[name].scale)
        for name, column in table.columns.items()
        if name in known
    }


def additions(times: Sequence[int], stored: Mapping[int, Sequence[Value]]) -> dict[RowKey, Cells]:
    """What columns add to the levels: the finest is made of values, each other of the cells of
    the one before it."""
    found: dict[RowKey, Cells] = {}
    finest, *coarser = _places(times)
    for series_id, values in stored.items():
        make = cell_of if None in values else full_cell
        cells = [make(values[rows]) for *_, rows in finest.runs]
        _note(found, series_id, finest, cells)
        for place in coarser:
            cells = [together(cells[rows]) for *_, rows in place.runs]
            _note(found, series_id, place, cells)
    return found


class _Places(NamedTuple):
    """Where a level's cells lie. ``runs``: of each the start of its row, the number in it, and
    what it is made of. ``rows``: of each its start, the numbers, and which cells they are."""

    step: int
    runs: list[tuple[int, int, slice]]
    rows: list[tuple[int, list[int], slice]]


def _places(times: Sequence[int]) -> list[_Places]:
    places = []
    for level in LEVELS:
        own = list(runs(times, level))
        places.append(_Places(level.step, own, list(_rows(own))))
        times = [times[rows.start] for *_, rows in own]
    return places


def _rows(own: Sequence[tuple[int, int, slice]]) -> Iterator[tuple[int, list[int], slice]]:
    first = 0
    for start, cells in groupby(own, itemgetter(0)):
        numbers = [number for _, number, _ in cells]
        yield start, numbers, slice(first, first + len(numbers))
        first += len(numbers)


def _note(
    found: dict[RowKey, Cells], series_id: int, place: _Places, cells: Sequence[Cell | None]
) -> None:
    for start, numbers, own in place.rows:
        there = zip(numbers, cells[own], strict=True)
        row = {number: cell for number, cell in there if cell is not None}
        if row:
            found[series_id, place.step, start] = row


def merged(
    adding: Mapping[RowKey, Cells], stored: Mapping[RowKey, str], exact: Mapping[int, bool]
) -> list[LevelRow]:
    """The rows of the levels after the addition to what is ``stored`` of them; ``exact`` says of
    each series whether it has a scale. A row that is damaged begins anew: the hub must not stand
    still for it."""
    rows = []
    for (series_id, step, start), more in adding.items():
        try:
            text = extended(stored[series_id, step, start], more, exact=exact[series_id])
        except KeyError:
            text = write(more, exact=exact[series_id])
        except ValueError as error:
            _log.error("cells of a level are lost: %s", error, extra={"series": series_id})
            text = write(more, exact=exact[series_id])
        rows.append(LevelRow(series_id=series_id, step=step, start=start, cells=text))
    return rows
