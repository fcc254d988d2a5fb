"""The columns of the fleet's table: which fit, and what stands in them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

from chatops.cli import show
from chatops.cli.figures import GAP, short, spark_of, unit_of
from chatops.cli.top.fleet import TRAILS, Row
from chatops.cli.top.order import Group, Order
from chatops.cli.top.spans import Span, Spans, Style, heat, left, right
from chatops.text import counted

STALE: Final = 30.0
"""Seconds after which values are shown as old ones."""


class Moment(NamedTuple):
    """Now, in hub time; whether values can be believed to be of now; how to draw."""

    now: float
    live: bool = True
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class Column:
    """``drop`` says which go first when there is no room, the highest; ``most`` is how wide it may
    become when there is more. ``sort`` is what a click on the title sorts by."""

    title: str
    width: int
    cell: Callable[[Row, int, Moment], Span]
    drop: int = 0
    most: int = 0
    sort: str | None = None
    right: bool = False


class Placed(NamedTuple):
    """A column and how wide it is now."""

    column: Column
    width: int


def fit(columns: Sequence[Column], width: int) -> list[Placed]:
    """The columns that ``width`` has room for; what is left over goes to those that can use it,
    evenly."""
    kept = list(columns)
    while len(kept) > 1 and sum(one.width + 1 for one in kept) - 1 > width:
        kept.remove(max(kept, key=lambda one: one.drop))
    widths = [min(one.width, width) for one in kept]
    spare = width - sum(widths) - (len(kept) - 1)
    while spare > 0:
        growing = [at for at, one in enumerate(kept) if widths[at] < one.most]
        if not growing:
            break
        for at in growing[:spare]:
            widths[at] += 1
        spare -= len(growing[:spare])
    return list(map(Placed, kept, widths))


def head(placed: Sequence[Placed], order: Order, *, blocks: bool = True) -> Spans:
    """The line of titles; the one that is sorted by is marked."""
    rises, falls = ("↑", "↓") if blocks else ("^", "v")
    spans: Spans = []
    for column, width in placed:
        title = column.title
        if title and column.sort == order.sort:
            title += falls if order.falling else rises
        spans += [(right(title, width) if column.right else left(title, width), "title")]
        spans += [(" ", "title")]
    return spans


def line(row: Row, placed: Sequence[Placed], moment: Moment) -> Spans:
    """One server."""
    spans: Spans = []
    for column, width in placed:
        spans += [column.cell(row, width, moment), (" ", "")]
    return spans


def group_line(group: Group, moment: Moment) -> Spans:
    """The head of a group, with what is worth knowing of all of them."""
    rows = group.rows
    title = f"{group.key}={group.value}" if group.value is not None else f"no {group.key}"
    online = sum(row.server.status == "online" for row in rows)
    alerts = sum(row.alerts for row in rows)
    cpus = [cpu for row in rows if (cpu := row.value("cpu")) is not None and _fresh(row, moment)]
    parts = [f"{counted(len(rows), 'server')}, {online} online"]
    if cpus:
        parts.append(f"cpu {sum(cpus) / len(cpus):.0f}% on average")
    spans: Spans = [(left(title, min(len(title), 40)), "group"), ("  " + ", ".join(parts), "dim")]
    return [*spans, (f", {counted(alerts, 'alert')}", "bad")] if alerts else spans


def column_at(placed: Sequence[Placed], x: int) -> Column | None:
    """The column at a place of the line."""
    begin = 0
    for column, width in placed:
        if begin <= x < begin + width:
            return column
        begin += width + 1
    return None


def _fresh(row: Row, moment: Moment) -> bool:
    return row.server.status == "online" and (row.ts is None or moment.now - row.ts < STALE)


def _believed(row: Row, moment: Moment, style: Style = "") -> Style:
    return style if moment.live and _fresh(row, moment) else "dim"


_SIGNS: Final[dict[str, tuple[str, str, Style]]] = {
    "online": ("●", "*", "good"), "offline": ("○", "o", "bad"), "never": ("·", ".", "dim")
}  # fmt: skip


def _name(row: Row, width: int, moment: Moment) -> Span:
    return left(row.name, width), "head" if row.server.status == "online" else ""


def _sign(row: Row, width: int, moment: Moment) -> Span:
    drawn, ascii_sign, style = _SIGNS[row.server.status]
    return left(drawn if moment.blocks else ascii_sign, width), style if moment.live else "dim"


def _value(metric: str, row: Row, width: int, moment: Moment) -> Span:
    value, unit = row.value(metric), unit_of(metric)
    style: Style = heat(value) if unit == "%" else ""
    return right(short(value, unit.removesuffix("/s")), width), _believed(row, moment, style)


def _spark(metric: str, row: Row, width: int, moment: Moment) -> Span:
    values = row.trails[metric].last(moment.now, width)
    if not any(one is not None for one in values):
        return GAP * width, ""
    style = _believed(row, moment, "spark")
    return spark_of(unit_of(metric), values, blocks=moment.blocks), style


def _alerts(row: Row, width: int, moment: Moment) -> Span:
    if not row.alerts:
        return " " * width, ""
    return right(f"{row.alerts}{'!' if row.is_critical else ''}", width), "bad"


def _seen(row: Row, width: int, moment: Moment) -> Span:
    seen = row.seen
    if seen is None:
        return right("never", width), "dim"
    text = show.coarse(max(moment.now - seen, 0.0))
    return right(text, width), "" if _fresh(row, moment) else "warn"


def _tags(row: Row, width: int, moment: Moment) -> Span:
    return left(show.tags(row.server.tags) or "", width), "dim"


def _os(row: Row, width: int, moment: Moment) -> Span:
    return left(row.server.os or "", width), "dim"


def _measured(title: str, metric: str, sort: str, drop: int) -> list[Column]:
    made = [Column(title, 5, partial(_value, metric), drop, sort=sort, right=True)]
    if metric in TRAILS:
        spark = Column("", 7, partial(_spark, metric), drop + 3, most=40, sort=sort)
        made.append(spark)
    return made


COLUMNS: Final[tuple[Column, ...]] = (
    Column("", 1, _sign, drop=1, sort="name"),
    Column("SERVER", 14, _name, most=32, sort="name"),
    *_measured("CPU", "cpu", "cpu", 2),
    *_measured("MEM", "memory", "memory", 3),
    Column("DISK", 5, partial(_value, "disk"), 4, sort="disk", right=True),
    Column("LOAD", 5, partial(_value, "load1"), 8, sort="load", right=True),
    *_measured("RX/s", "net.rx", "received", 7),
    *_measured("TX/s", "net.tx", "sent", 7),
    Column("CT", 4, partial(_value, "containers"), 9, right=True),
    Column("AL", 3, _alerts, 2, sort="alerts", right=True),
    Column("SEEN", 5, _seen, 6, sort="seen", right=True),
    Column("TAGS", 12, _tags, 11, most=40),
    Column("SYSTEM", 14, _os, 12, most=28),
)
