"""A sample as people read it: what the host does, then its disks and networks."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from chatops.cli import show
from chatops.cli.output import Output
from chatops.cli.plain import plain_lines
from chatops.cli.projects import by_project
from chatops.cli.view import Cell, Column, View
from chatops.protocol.metrics import AgentCost, Swap, Units
from chatops.protocol.rest import ServerSample
from chatops.text import counted, escape, shorten

OVERVIEW = View(
    ServerSample,
    lambda sample: sample.server,
    [
        Column("server", lambda s: s.server),
        Column("measured", lambda s: show.age(s.ts)),
        Column("up", lambda s: show.duration(s.uptime_s)),
        Column("cpu", lambda s: _cpu(s)),
        Column("load", lambda s: " ".join(f"{one:.2f}" for one in s.load) or None),
        Column("memory", lambda s: _of(s.memory.percent, s.memory.used, s.memory.total)),
        Column("swap", lambda s: _swap(s.swap)),
        Column("processes", lambda s: show.number(s.process_count)),
        Column("units", lambda s: _units(s.units)),
        Column("agent", lambda s: _cost(s.agent)),
    ],
)

LATELY: Final = {
    "cpu": "cpu", "load": "load1", "memory": "memory", "swap": "swap", "processes": "processes",
}  # fmt: skip
"""The METRICs whose last hour stands beside the values of the overview."""
_NOTHING: Final[Mapping[str, str]] = {}
INODES_SHOWN: Final = 80.0
"""Per cent from which a mount's inodes are worth a line."""
UNITS_SHOWN: Final = 5
SLOW_SHOWN: Final = 0.1
"""Seconds from which the slowest collector is named."""
SKEW_SHOWN: Final = 2.0
"""Seconds that a clock may be off without a word: the hub believes it so far, too."""
SKEWED = View(
    ServerSample,
    lambda sample: sample.server,
    [*OVERVIEW.columns, Column("clock", lambda s: _clock(s.clock_skew), lambda _: "warn")],
)


def show_sample(out: Output, sample: ServerSample, lately: Mapping[str, str] = _NOTHING) -> None:
    """Print a sample in the form that was asked for; ``lately`` are sparklines by METRIC, for
    people."""
    view = SKEWED if abs(sample.clock_skew or 0.0) > SKEW_SHOWN else OVERVIEW
    out.item(sample, beside(view, sample, lately) if lately else view)
    if out.form == "table" and not out.quiet:
        for titles, rows in _parts(sample):
            _print_part(out, titles, rows)
        for name, why in sorted(sample.missing.items()):
            out.say(f"not measured: {escape(name)}: {escape(why)}")


def beside(
    view: View[ServerSample], sample: ServerSample, lately: Mapping[str, str]
) -> View[ServerSample]:
    """A view whose values have their sparklines beside them, as far as a line has room."""
    texts = {c.title: c.show(sample) or "" for c in view.columns if LATELY.get(c.title) in lately}
    wide = max(map(len, texts.values()), default=0)
    shown = {title: f"{text:{wide}}  {lately[LATELY[title]]}" for title, text in texts.items()}
    titles = max(len(column.title) for column in view.columns)
    if titles + 2 + max(map(len, shown.values()), default=0) > shutil.get_terminal_size().columns:
        return view
    columns = [
        column._replace(show=partial(_fixed, shown[column.title])) if column.title in shown
        else column
        for column in view.columns
    ]  # fmt: skip
    return View(ServerSample, view.name, columns)


def _fixed(text: str, _: ServerSample) -> str:
    return text


def _parts(
    sample: ServerSample,
) -> Iterable[tuple[Sequence[str], Sequence[Sequence[str | None]]]]:
    yield (
        ("MOUNT", "USED", "OF", "FREE", "PERCENT", "TYPE"),
        [
            (d.mount, show.size(d.used), show.size(d.total), show.size(d.free),
             show.percent(d.percent), d.fstype)
            for d in sample.disks
        ],
    )  # fmt: skip
    yield (
        ("MOUNT", "INODES"),
        [
            (d.mount, show.percent(d.inodes_percent))
            for d in sample.disks
            if (d.inodes_percent or 0.0) >= INODES_SHOWN
        ],
    )
    yield (
        ("DEVICE", "READ", "WRITE", "READS", "WRITES"),
        [
            (d.device, show.rate(d.read_bps), show.rate(d.write_bps), _per_second(d.read_iops),
             _per_second(d.write_iops))
            for d in sample.disk_io
        ],
    )  # fmt: skip
    yield (
        ("INTERFACE", "RECEIVED", "SENT", "ERRORS"),
        [
            (n.interface, show.rate(n.rx_bps), show.rate(n.tx_bps), _per_second(n.errors_ps))
            for n in sample.network
        ],
    )
    yield (
        ("SENSOR", "CELSIUS"),
        [(t.sensor, show.number(t.celsius)) for t in sample.temperatures],
    )
    yield (
        ("CONTAINER", "STATE", "CPU", "MEMORY", "PROJECT"),
        [
            (c.name, f"{c.state} ({c.health})" if c.health else c.state,
             show.percent(c.cpu_percent), show.size(c.memory), c.project)
            for c in by_project(sample.containers)
        ],
    )  # fmt: skip
    yield (
        ("CUSTOM", "VALUE"),
        [(one.name, show.number(one.value)) for one in sample.custom],
    )
    top = sample.processes
    for title, processes in (("BY CPU", top.by_cpu), ("BY MEMORY", top.by_memory)) if top else ():
        yield (
            (title, "CPU", "RSS", "PID"),
            [
                (shorten(escape(p.name), 40), show.percent(p.cpu_percent), show.size(p.rss),
                 str(p.pid))
                for p in processes
            ],
        )  # fmt: skip


def _print_part(out: Output, titles: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
    if not rows:
        return
    columns = [Column(title, lambda _: None, right=at > 0) for at, title in enumerate(titles)]
    cells = [[Cell("-" if text is None else escape(text)) for text in row] for row in rows]
    out.text("")
    for line in plain_lines(columns, cells, color=False):
        out.text(line)


def _cpu(sample: ServerSample) -> str | None:
    cpu = sample.cpu
    if cpu.percent is None:
        return None
    cores = f" of {counted(cpu.count, 'core')}" if cpu.count else ""
    kinds = (("user", cpu.user), ("system", cpu.system), ("iowait", cpu.iowait))
    parts = ", ".join(f"{name} {value:.1f}%" for name, value in kinds if value is not None)
    return f"{cpu.percent:.1f}%{cores}" + (f" ({parts})" if parts else "")


def _units(units: Units) -> str | None:
    if not units.failed:
        return None if units.failed is None else "none failed"
    more = units.failed - len(units.names[:UNITS_SHOWN])
    named = ", ".join(units.names[:UNITS_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"{units.failed} failed: {named}"


def _cost(agent: AgentCost) -> str | None:
    if agent.rss is None:
        return None
    parts = [show.percent(agent.cpu_percent), show.size(agent.rss)]
    if agent.spool_samples:
        parts.append(f"{counted(agent.spool_samples, 'sample')} in the spool")
    slowest = max(agent.collectors, key=lambda name: agent.collectors[name], default=None)
    if slowest is not None and agent.collectors[slowest] >= SLOW_SHOWN:
        parts.append(f"slowest collector {slowest} {agent.collectors[slowest]:.2g} s")
    return ", ".join(part for part in parts if part)


def _of(percent: float | None, used: float | None, total: float | None) -> str | None:
    if percent is None:
        return None
    return f"{percent:.1f}% ({show.size(used)} of {show.size(total)})"


def _swap(swap: Swap) -> str | None:
    return "none" if swap.total == 0 else _of(swap.percent, swap.used, swap.total)


def _clock(skew: float | None) -> str | None:
    if skew is None:
        return None
    side = "ahead of" if skew > 0 else "behind"
    return f"{show.duration(abs(skew))} {side} the hub's; times are put right"


def _per_second(value: float | None) -> str | None:
    return None if value is None else f"{show.number(value)}/s"
