"""One server in full: the panels of its screen, as lines. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chatops.cli import show
from chatops.cli.figures import in_columns, in_unit, unit_of
from chatops.cli.top.charts import AXIS, bar, beside, chart
from chatops.cli.top.columns import Moment
from chatops.cli.top.detail import Detail
from chatops.cli.top.fleet import seconds
from chatops.cli.top.spans import Late, Span, Spans, Style, heat, left, right, safe
from chatops.cli.top.table_panels import failed_units
from chatops.cli.top.titles import nothing, titles
from chatops.text import counted

SPAN: Final = 1800.0
"""Seconds that charts show."""
CHARTS: Final = ("cpu", "memory", "net.rx", "net.tx", "disk.read", "disk.write", "load1", "swap")
_CORE_WIDTH: Final = 38
"""Columns of one core's bar with its label."""


Panel = Callable[[Detail, int, Moment], Sequence[Spans | Late]]


def overview(detail: Detail, width: int, moment: Moment) -> list[Spans]:
    """What kind of host it is, and how it went in the last half hour."""
    lines = _facts(detail, moment)
    note = detail.notes.get("history")
    if note is not None:
        return [*lines, [], [(safe(note), "warn")]]
    across = 2 if width >= 72 else 1
    each = width // across
    made = [_chart(detail, metric, each, moment) for metric in CHARTS]
    for at in range(0, len(made), across):
        row = made[at : at + across]
        lines += [[], *beside(row, [each] * len(row))]
    own = detail.sample.custom if detail.sample is not None else []
    named: list[Spans] = [
        [(f"{safe(one.name, 40)}  {show.number(one.value) or '-'}", "")] for one in own
    ]
    return [*lines, [], *named]


def cores(detail: Detail, width: int, moment: Moment) -> list[Spans]:
    """Each core, as many beside each other as fit; then what the time is spent on."""
    sample = detail.sample
    if sample is None:
        return nothing(detail)
    across = max(width // _CORE_WIDTH, 1)
    each = min(width // across, 2 * _CORE_WIDTH)
    cells: list[Spans] = [
        [(right(str(number), 4), "dim"), (" ", ""), *bar(value, each - 13, blocks=moment.blocks),
         (right(show.percent(value), 7), heat(value)), (" ", "")]
        for number, value in enumerate(sample.cpu.per_core)
    ]  # fmt: skip
    kinds = ("percent", "user", "system", "iowait", "steal")
    total = "  ".join(f"{kind} {show.percent(getattr(sample.cpu, kind)) or '-'}" for kind in kinds)
    load = " ".join(f"{one:.2f}" for one in sample.load) or "-"
    lines: list[Spans] = [[(total, "")], [(f"load {load}", "")], []]
    rows = -(-len(cells) // across)
    for at in range(rows):  # numbered downwards
        lines.append([span for cell in cells[at::rows] for span in cell])
    return lines


def disks(detail: Detail, width: int, moment: Moment) -> list[Spans]:
    """Mounts with what is used of them, then devices with their rates."""
    sample = detail.sample
    if sample is None:
        return nothing(detail)
    room = max(width - 53, 12)
    lines = [titles(("MOUNT", -room), ("USED", 11), ("OF", 11), ("", -12), ("", 7), ("INODES", 7))]
    for one in sample.disks:
        lines.append([
            (left(one.mount, room), ""), (right(show.size(one.used), 12), ""),
            (right(show.size(one.total), 12), ""), (" ", ""),
            *bar(one.percent, 12, blocks=moment.blocks),
            (right(show.percent(one.percent), 8), heat(one.percent)),
            (right(show.percent(one.inodes_percent), 8), heat(one.inodes_percent)),
        ])  # fmt: skip
    rates = ((o.device, o.read_bps, o.write_bps, o.read_iops, o.write_iops) for o in sample.disk_io)
    names = ("DEVICE", "READ", "WRITE", "READS/s", "WRITES/s")
    return [*lines, [], *_rates(names, rates, width)]


def network(detail: Detail, width: int, moment: Moment) -> list[Spans]:
    """Interfaces with their rates, the busiest first."""
    if detail.sample is None:
        return nothing(detail)
    found = sorted(detail.sample.network, key=lambda n: -((n.rx_bps or 0) + (n.tx_bps or 0)))
    rates = ((n.interface, n.rx_bps, n.tx_bps, n.rx_packets_ps, n.tx_packets_ps) for n in found)
    names = ("INTERFACE", "RECEIVED", "SENT", "PKTS IN/s", "PKTS OUT/s")
    lines = _rates(names, rates, width)
    wrong = [n for n in found if n.errors_ps]
    for n in wrong:
        lines.append([(f"{safe(n.interface, 40)}: {show.number(n.errors_ps)} errors/s", "bad")])
    return lines


def _facts(detail: Detail, moment: Moment) -> list[Spans]:
    server, sample = detail.server, detail.sample
    style: Style = "good" if server.status == "online" else "bad"
    status: Span = (server.status, style)
    if not moment.live:
        status = (f"{server.status} when last heard", "dim")
    first: Spans = [status, (f"  {safe(server.os or 'unknown system', 40)}", "")]
    first.append((f"  agent {safe(server.agent_version or '-', 20)}", "dim"))
    if sample is not None:
        age = max(moment.now - (seconds(sample.ts) or moment.now), 0.0)
        first.append((f"  up {show.duration(sample.uptime_s) or '-'}", ""))
        first.append((f"  measured {show.coarse(age)} ago", "dim" if age < 30 else "warn"))
    if server.alerts:
        first.append((f"  {counted(server.alerts, 'open alert')}", "bad"))
    tags = show.tags(server.tags)
    lines: list[Spans] = [first]
    if tags:
        lines.append([(f"tags {safe(tags, 200)}", "dim")])
    if sample is None:
        return lines
    lines += failed_units(sample.units.names, sample.units.failed)
    for name, why in sorted(sample.missing.items()):
        lines.append([(f"not measured: {safe(name, 30)}: {safe(why, 200)}", "warn")])
    return lines


def _chart(detail: Detail, metric: str, width: int, moment: Moment) -> list[Spans]:
    points = detail.history.get(metric, [])
    columns = max(width - AXIS - 2, 1)
    values = in_columns(points, moment.now - SPAN, moment.now, columns)
    latest = points[-1][1] if points else None
    return chart(metric, values, unit=unit_of(metric), height=3, latest=latest,
                 blocks=moment.blocks)  # fmt: skip


def _rates(
    names: Sequence[str],
    rows: Iterable[tuple[str, float | None, float | None, float | None, float | None]],
    width: int,
) -> list[Spans]:
    room = max(width - 50, 12)
    lines = [titles((names[0], -room), *((name, 11) for name in names[1:]))]
    for name, read, write, reads, writes in rows:
        lines.append([
            (left(name, room), ""),
            *((right(in_unit(rate, "B/s"), 12), "") for rate in (read, write)),
            *((right(None if n is None else f"{n:.0f}", 12), "") for n in (reads, writes)),
        ])  # fmt: skip
    return lines
