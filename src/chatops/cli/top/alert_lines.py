"""Alerts as lines: a table of them, and one with all that is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from rich.cells import chop_cells

from chatops.cli import show
from chatops.cli.evidence import evidence_lines
from chatops.cli.figures import in_unit, unit_of
from chatops.cli.top.alarms import Tally
from chatops.cli.top.alarms import servers as servers_of
from chatops.cli.top.columns import Moment
from chatops.cli.top.fleet import seconds
from chatops.cli.top.spans import Span, Spans, Style, left, right, safe
from chatops.cli.top.titles import titles
from chatops.protocol.rest import Alert, AlertDetail, Op, Severity
from chatops.text import counted, escape

EMPTY: Final = "no alert is open"
_SIGNS: Final[dict[Op, str]] = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_STYLES: Final[dict[Severity, Style]] = {"critical": "bad", "warning": "warn", "info": ""}
_LABEL: Final = 14
_LONGEST: Final = 4000
"""Characters of a message that are shown."""


def head(width: int) -> Spans:
    """The titles of ``line``."""
    server, metric, state = _widths(width)
    return titles(
        ("", -1), ("SEVERITY", -8), ("SERVER", -server), ("METRIC", -metric), ("VALUE", 9),
        ("LIMIT", 10), ("SINCE", 5), ("STATE", -state),
    )  # fmt: skip


def line(alert: Alert, width: int, moment: Moment) -> Spans:
    """One open alert; ``!`` is before a critical one."""
    server, metric, state = _widths(width)
    style = _style(alert)
    since = seconds(alert.fired_at or alert.started_at)
    age = None if since is None else show.coarse(max(moment.now - since, 0.0))
    return [
        ("!" if alert.severity == "critical" else " ", style),
        (" " + left(alert.severity, 8), style),
        (" " + left(where(alert), server), "head"),
        (" " + left(_metric(alert), metric), ""),
        (" " + right(_value(alert), 9), style),
        (" " + right(_limit(alert), 10), "dim"),
        (" " + right(age, 5), "dim" if alert.stale else ""),
        (" " + left(state_of(alert), state), _state_style(alert)),
    ]


def detail(alert: Alert, full: AlertDetail | None, width: int, note: str | None) -> list[Spans]:
    """All that is known of one; ``full`` is the hub's answer when it is there, and ``note`` why
    it is not."""
    lines: list[Spans] = []
    for label, (text, style) in _fields(alert):
        first, *more = chop_cells(text, max(width - _LABEL, 1)) or [""]
        lines.append([(left(label, _LABEL), "dim"), (first, style)])
        lines += [[(" " * _LABEL, ""), (part, style)] for part in more]
    if note is not None:
        return [*lines, [], [(safe(note), "warn")]]
    if full is None:
        return [*lines, [], [("waiting for the hub …", "dim")]]
    if not full.evidence:
        return [*lines, [], [("its agent told nothing when it fired", "dim")]]
    lines += [[(text, "")] for text in "\n".join(evidence_lines(full.evidence)).split("\n")]
    return lines


def count_words(found: Tally) -> Span:
    """How many alerts there are, for the line above the servers."""
    words = [counted(found.open, "alert")]
    words += [f"{found.firing} firing"] if found.firing else []
    words += [f"{found.critical} critical!"] if found.critical else []
    return "  " + ", ".join(words), "bad" if found.open else "dim"


def where(alert: Alert) -> str:
    """The server, or how many."""
    return alert.server or counted(len(list(servers_of(alert))), "server")


def state_of(alert: Alert) -> str:
    """Whether it fires or who takes care of it, and what else is worth knowing."""
    words = [alert.state if alert.acked_by is None else f"acked: {alert.acked_by}"]
    words += ["stale"] if alert.stale else []
    words += ["silenced"] if alert.silenced else []
    return ", ".join(words)


def _widths(width: int) -> tuple[int, int, int]:
    """Columns of the server, the metric and the state."""
    spare = max(width - 79, 0)
    server, metric = min(spare // 4, 18), min(spare // 4, 22)
    return 12 + server, 15 + metric, 12 + spare - server - metric


def _metric(alert: Alert) -> str:
    return alert.metric if alert.instance is None else f"{alert.metric}:{alert.instance}"


def _value(alert: Alert) -> str | None:
    return None if alert.value is None else in_unit(alert.value, unit_of(alert.metric))


def _limit(alert: Alert) -> str:
    return f"{_SIGNS[alert.op]} {in_unit(alert.threshold, unit_of(alert.metric))}"


def _style(alert: Alert) -> Style:
    return "dim" if alert.stale else _STYLES[alert.severity]


def _state_style(alert: Alert) -> Style:
    if alert.stale or alert.silenced:
        return "dim"
    return "bad" if alert.state == "firing" else "good"


def _fields(alert: Alert) -> Iterator[tuple[str, Span]]:
    names: Iterable[str] = servers_of(alert)
    limit = f"{_value(alert) or '-'}  (rule: {_limit(alert)})"
    yield "severity", (alert.severity, _STYLES[alert.severity])
    yield "server", (escape(", ".join(names))[:_LONGEST], "head")
    yield "state", (escape(_state_words(alert)), _state_style(alert))
    yield "message", (escape(alert.message[:_LONGEST]), "")
    yield "metric", (escape(_metric(alert)[:_LONGEST]), "")
    yield "value", (limit, "")
    yield "rule", (escape(alert.threshold_name[:_LONGEST]), "")
    yield "began", (show.local(alert.started_at) or "-", "")
    yield "fired", (show.local(alert.fired_at) or "-", "")
    if alert.comment:
        yield "comment", (escape(alert.comment[:_LONGEST]), "")
    yield "id", (escape(alert.id[:200]), "dim")


def _state_words(alert: Alert) -> str:
    if alert.state == "resolved":
        return f"resolved ({alert.resolved_reason})"
    return state_of(alert)
