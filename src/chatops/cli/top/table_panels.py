"""The panels of one server that are tables of what runs there: processes, containers. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from chatops.cli import show
from chatops.cli.top.columns import Moment
from chatops.cli.top.detail import Detail
from chatops.cli.top.fleet import seconds
from chatops.cli.top.spans import Late, Spans, Style, heat, left, right, safe
from chatops.cli.top.titles import nothing, titles
from chatops.protocol.rest import ServerProcess

_BY: Final[dict[str, Callable[[ServerProcess], float]]] = {
    "cpu": lambda one: -(one.cpu_percent or 0.0),
    "memory": lambda one: -(one.rss or 0),
}
_STATES: Final[dict[str, Style]] = {"running": "good", "exited": "dim", "dead": "bad"}


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


def containers(detail: Detail, width: int, moment: Moment) -> list[Spans]:
    """All of them, those that run first."""
    sample = detail.sample
    if sample is None:
        return nothing(detail, "containers")
    if not sample.containers:
        why = "no containers" if sample.container_count == 0 else "no engine that may be asked"
        return [[(why, "dim")]]
    room = max((width - 42) // 2, 8)
    lines = [
        titles(("NAME", -room), ("STATE", -10), ("HEALTH", -9), ("CPU", 7), ("MEMORY", 10),
               ("IMAGE", -room))
    ]  # fmt: skip
    for one in sorted(sample.containers, key=lambda c: (c.state != "running", c.name)):
        ill = one.health == "unhealthy"
        lines.append([
            (left(one.name, room), "head"),
            (" " + left(one.state, 10), _STATES.get(one.state, "warn")),
            (" " + left(one.health or "", 9), "bad" if ill else ""),
            (" " + right(show.percent(one.cpu_percent), 7), ""),
            (" " + right(show.size(one.memory), 10), ""),
            (" " + left(one.image, room), "dim"),
        ])  # fmt: skip
    return lines


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
