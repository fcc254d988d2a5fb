"""``chatops thresholds test``: what a rule would have done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatops.cli import figures, show
from chatops.cli.commands.thresholds import op_of
from chatops.cli.context import Cli
from chatops.cli.view import Column, View
from chatops.protocol.metric_values import parse_value
from chatops.protocol.rest import Replay, ReplayFiring, ReplayRow
from chatops.text import counted, escape
from chatops.units import format_duration, parse_time

_TOLD: Final = 20
"""Firings that are told one by one beside a table."""

REPLAYS: Final = View(
    ReplayRow,
    lambda row: f"{row.server} {row.metric}",
    [
        Column("SERVER", lambda r: r.server),
        Column("METRIC", lambda r: r.metric),
        Column("FIRED", lambda r: f"{r.fired}×" if r.values else None, right=True),
        Column("TOTAL", lambda r: _time(r.fired_s), right=True),
        Column("LONGEST", lambda r: _time(r.longest_s), right=True),
        Column("LAST", lambda r: _last(r)),
        Column("PLAIN", lambda r: f"{r.plain_fired}×" if r.values else None, right=True),
        Column("PLAIN TOTAL", lambda r: _time(r.plain_s), right=True, spare=True),
    ],
)


def print_replay(
    cli: Cli,
    words: Sequence[str],
    *,
    target: str | None,
    for_s: float | None,
    clear: str | None,
    since: float | None,
) -> None:
    """Try a rule (one word, its name) or a condition (three), and print what comes of it."""
    thresholds = cli.client.thresholds
    if len(words) == 1:
        at = None
        if clear is not None:
            at = parse_value(thresholds.get(words[0]).metric, clear)
        found = thresholds.replay(words[0], target=target, for_s=for_s, clear=at, since=since)
    else:
        metric, op, value = words
        found = thresholds.replay(
            metric=metric, op=op_of(op), value=parse_value(metric, value), target=target,
            for_s=for_s, clear=None if clear is None else parse_value(metric, clear), since=since,
        )  # fmt: skip
    cli.out.items(found.items, REPLAYS)
    cli.out.flush()
    for line in _talk(found, each=cli.out.form == "table" and not cli.out.quiet):
        cli.out.say(line)


def _talk(found: Replay, *, each: bool) -> list[str]:
    firings = [(row, one) for row in found.items for one in row.firings]
    firings.sort(key=lambda pair: pair[1].fired_at)
    lines = [_told(found, row, one) for row, one in firings[-_TOLD:]] if each else []
    if each and len(firings) > _TOLD:
        lines.append(f"the newest {_TOLD} of them; -o json has more")
    unit = figures.unit_of(found.metric)
    rule = (
        f"{escape(found.metric)} {found.op} {figures.exact(found.value, unit)} for"
        f" {show.duration(found.for_s)}, clears at {figures.exact(found.clear, unit)}"
    )
    fired = sum(row.fired for row in found.items)
    plain = sum(row.plain_fired for row in found.items)
    lines.append(
        f"{rule}: would have fired {counted(fired, 'time')} since {show.local(found.since)}, and"
        f" {counted(plain, 'time')} without --for and --clear"
    )
    lines.append(_level(found))
    return lines


def _told(found: Replay, row: ReplayRow, one: ReplayFiring) -> str:
    end = found.until if one.resolved_at is None else one.resolved_at
    took = _time(parse_time(end) - parse_time(one.fired_at))
    still = ", still firing" if one.resolved_at is None else ""
    worst = figures.in_unit(one.worst, figures.unit_of(row.metric))
    return (
        f"{escape(row.server)} {escape(row.metric)}: {show.local(one.fired_at)} for {took}, at"
        f" worst {worst}{still}"
    )


def _level(found: Replay) -> str:
    if not any(row.values for row in found.items):
        return "there is no history of it in that time"
    if found.metric == "offline":
        return "judged by when agents came and went"
    if found.step is None:
        return "judged by the samples themselves"
    return (
        f"judged by the worst value of each {format_duration(found.step)}: what swings within it"
        " looks like one long breach"
    )


def _time(seconds: float) -> str:
    return format_duration(seconds)


def _last(row: ReplayRow) -> str | None:
    return "firing" if row.firing else show.local(row.last_fired_at)
