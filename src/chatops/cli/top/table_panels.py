"""The panel of one server that is a table of what runs there: its processes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from chatops.cli import show
from chatops.cli.top.columns import Moment
from chatops.cli.top.detail import Detail
from chatops.cli.top.fleet import seconds
from chatops.cli.top.spans import Late, Spans, heat, left, right, safe
from chatops.cli.top.titles import nothing, titles
from chatops.protocol.rest import ServerProcess

_BY: Final[dict[str, Callable[[ServerProcess], float]]] = {
    "cpu": lambda one: -(one.cpu_percent or 0.0),
    "memory": lambda one: -(one.rss or 0),
}


def processes(detail: Detail, width: int, moment: Moment) -> Sequence[Spans | Late]:
    """Those that take most, the largest first: all of them when the agent can be asked, else the
    few that its samples tell of."""
    note = detail.notes.get("processes")
    live, sample = detail.processes, detail.sample
    if live is not None and note is None:
        found, ts, total = sorted(live.items, key=_BY[detail.by]), live.ts, live.total
    elif sample is not None and sample.processes is not None:
        top = sample.processes
        found = top.by_cpu if detail.by == "cpu" else top.by_memory
        ts, total = top.ts, sample.process_count or len(found)
    else:
        return nothing(detail, "processes")
    age = max(moment.now - (seconds(ts) or moment.now), 0.0)
    said: Spans = [
        (f"{len(found)} of {total}, by {detail.by}, {show.coarse(age)} ago", "dim"),
        ("  (c: cpu, m: memory)", "dim"),
    ]
    why: list[Spans] = [[(safe(note), "warn")]] if note is not None else []
    room = max(width - 44, 8)
    head = titles(("PID", 8), ("USER", -10), ("CPU", 6), ("MEM", 5), ("RSS", 9), ("COMMAND", -room))
    return [said, *why, head, *(partial(_process, one, room) for one in found)]


def _process(one: ServerProcess, room: int) -> Spans:
    cpu = None if one.cpu_percent is None else f"{one.cpu_percent:.1f}"
    memory = None if one.memory_percent is None else f"{one.memory_percent:.1f}"
    return [
        (right(str(one.pid), 8), "dim"),
        (" " + left(one.user, 10), "dim"),
        (" " + right(cpu, 6), heat(one.cpu_percent)),
        (" " + right(memory, 5), heat(one.memory_percent)),
        (" " + right(show.size(one.rss), 9), ""),
        (" " + left(one.command or one.name, room), ""),
    ]


def failed_units(names: Sequence[str], failed: int | None) -> list[Spans]:
    """A line when units of systemd have failed."""
    if not failed:
        return []
    named = ", ".join(safe(name, 60) for name in names)
    return [[(f"failed units: {failed}  {named}", "bad")]]
