"""Histories: how they are shown, and what is said beside them of steps and gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from msgspec import Struct

from chatops.cli import figures, show
from chatops.cli.output import Output
from chatops.cli.view import Column, View
from chatops.protocol.rest import HistoryGap, HistoryRow, ServerHistoryRow
from chatops.text import escape
from chatops.units import exact_duration

GAPS_SAID: Final = 5
"""Gaps that get a line each; how many more there are is said in one."""
_LOST: Final = {
    "full": "the agent's spool was full",
    "damaged": "the agent's spool was damaged",
}


class ExportRow(Struct, kw_only=True):
    """A row of ``metrics export``; ``value`` is the mean of the step."""

    ts: str
    server: str
    metric: str
    value: float


R = TypeVar("R", HistoryRow, ServerHistoryRow, ExportRow)

_TIME: Final = Column("TIME", lambda r: show.local(r.ts), whole=True)
_VALUES: Final = (
    Column("METRIC", lambda r: r.metric),
    Column("VALUE", lambda r: _value(r.metric, r.value), right=True, whole=True),
    Column("MIN", lambda r: _value(r.metric, r.min), right=True, whole=True, spare=True),
    Column("MAX", lambda r: _value(r.metric, r.max), right=True, whole=True, spare=True),
)
HISTORY: Final = View(HistoryRow, lambda row: row.metric, [_TIME, *_VALUES])
HISTORIES: Final = View(
    ServerHistoryRow,
    lambda row: row.metric,
    [_TIME, Column("SERVER", lambda r: r.server), *_VALUES],
)
EXPORT: Final = View(ExportRow, lambda row: row.metric, [])


def print_rows(out: Output, rows: Iterable[R], view: View[R]) -> None:
    """The rows, or with -q the name of each metric once."""
    if not out.quiet:
        out.items(rows, view)
        return
    named: set[str] = set()
    for row in rows:
        if row.metric not in named:
            named.add(row.metric)
            out.items([row], view)


def export_row(row: ServerHistoryRow) -> ExportRow:
    """A row of a history as it is exported."""
    return ExportRow(ts=row.ts, server=row.server, metric=row.metric, value=row.value)


def say_longer(out: Output, step: float | None, asked: float) -> None:
    """Say it when rows stand for a longer time than was asked for."""
    if step is None or step <= asked:
        return
    why = "nothing finer is kept so far back" if step >= 2 * asked else "it is the next longer step"
    out.say(f"each row stands for {exact_duration(step)}, not {exact_duration(asked)}: {why}")


def say_finest(out: Output, step: float | None) -> None:
    """Say what rows are when nobody asked for a step."""
    if step is None:
        out.say("each row is a sample")
        return
    text = exact_duration(step)
    out.say(
        f"each row is the mean of {text}: nothing finer is kept of the whole span; "
        "--since 24h gives the samples, unless the hub keeps them for less (raw_retention)"
    )


def say_gaps(out: Output, gaps: Sequence[HistoryGap], *, several: bool, local: bool) -> None:
    """Say what agents lost. Of ``several`` servers each line names its own; ``local`` shows times
    as tables do."""
    for gap in gaps[:GAPS_SAID]:
        whose = f"{escape(gap.server)}: " if several else ""
        count = "1 sample" if gap.samples == 1 else f"{gap.samples} samples"
        since, until = (
            escape((show.local(one) if local else one) or "") for one in (gap.since, gap.until)
        )
        verb = "is" if gap.samples == 1 else "are"
        why = _LOST.get(gap.reason, gap.reason)
        out.say(f"gap: {whose}{count} from {since} to {until} {verb} lost: {escape(why)}")
    if len(gaps) > GAPS_SAID:
        out.say(f"gap: and {len(gaps) - GAPS_SAID} more")


def _value(name: str, value: float) -> str | None:
    return figures.in_unit(value, figures.unit_of(name))
