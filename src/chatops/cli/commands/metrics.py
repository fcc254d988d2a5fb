"""``chatops metrics``."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from chatops.cli import fleet, show
from chatops.cli.absent import Seen, or_absent, say_absent
from chatops.cli.args import SERVER, SINCE, TARGET, UNTIL
from chatops.cli.completion import complete_metrics
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exporting import write_rows
from chatops.cli.history import (
    EXPORT,
    HISTORIES,
    HISTORY,
    export_row,
    print_rows,
    say_finest,
    say_gaps,
    say_longer,
)
from chatops.cli.reading import moment, ordered, seconds
from chatops.cli.sample import LATELY, show_sample
from chatops.cli.view import Column, View
from chatops.errors import ChatOpsError, InvalidInput
from chatops.protocol.limits import MAX_HISTORY_METRICS
from chatops.protocol.metric_names import parse_metric
from chatops.protocol.rest import HistoryRow, ServerHistoryRow, ServerSample
from chatops.protocol.target import parse_target
from chatops.text import escape

if TYPE_CHECKING:
    from chatops.client.history import History

app = group("Measured values: latest, past and live.")
EVERY: Final = "*"
AHEAD: Final = 60.0
"""Seconds that this machine's clock may be behind the hub's."""
OLD: Final = 15.0
"""Seconds after which it is worth asking why there is no newer sample."""
METRICS = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="METRIC ...", help="which ones; '*' is all", autocompletion=complete_metrics
    ),
]
STEP = Annotated[
    str | None, typer.Option("--step", metavar="DURATION", help="one row for so long a time")
]
LIVE = View(
    ServerSample,
    lambda sample: sample.server,
    [
        Column("TIME", lambda s: show.clock(s.ts)),
        Column("SERVER", lambda s: s.server),
        Column("CPU", lambda s: show.percent(s.cpu.percent), right=True, width=6),
        Column("LOAD", lambda s: show.number(s.load[0] if s.load else None), right=True, width=5),
        Column("MEMORY", lambda s: show.percent(s.memory.percent), right=True, width=6),
        Column("DISK", lambda s: show.percent(fleet.fullest(s)), right=True, width=6),
        Column("RECEIVED", lambda s: show.rate(fleet.received(s)), right=True, width=10),
        Column("SENT", lambda s: show.rate(fleet.sent(s)), right=True, width=10),
    ],
)


@command(app, "show", example="chatops metrics show web-1 -o json")
def show_latest(cli: Cli, server: SERVER) -> None:
    """The latest sample of a server, in full; on a terminal with the last hour beside it."""
    sample = cli.client.metrics.latest(server)
    lately: dict[str, str] = {}
    if cli.out.has_screen():
        from chatops.cli.lately import last_hour

        found = last_hour(cli, sample.server, list(LATELY.values()))
        lately = {metric: spark for (_, metric), spark in found.items()}
    show_sample(cli.out, sample, lately)
    if show.passed(sample.ts) > OLD:
        _say_offline(cli, sample)


def _say_offline(cli: Cli, latest: ServerSample) -> None:
    with contextlib.suppress(ChatOpsError):  # what was asked for is printed already
        if cli.client.servers.get(latest.server).status != "online":
            cli.out.flush()
            cli.out.say(f"{latest.server} is offline: this was measured {show.age(latest.ts)}")


@command(app, "history", example="chatops metrics history web-1 cpu disk:/var --since 6h")
def history(
    cli: Cli,
    target: TARGET,
    metrics: METRICS = None,
    since: SINCE = "1h",
    until: UNTIL = None,
    step: STEP = "1m",
) -> None:
    """What was measured, oldest first: mean, least and most of each step; without a METRIC cpu,
    memory and disk. A gap has no row, and what an agent lost is told on stderr. Where a step is no
    longer kept, rows stand for a longer one, which is told too. Rows of several servers carry
    the server."""
    asked = seconds(step, "--step") or 0.0
    names = _checked(metrics)
    begin, end = _span(since, until)
    ask, seen = cli.client.metrics, Seen()
    known = [] if names == [EVERY] else names
    found: History[HistoryRow] | History[ServerHistoryRow]
    if several := parse_target(target).one is None:
        found = ask.histories(target, names, since=begin, until=end, step=asked)
        print_rows(cli.out, or_absent(cli, target, known, seen.of(found)), HISTORIES)
    else:
        found = ask.history(target, names, since=begin, until=end, step=asked)
        print_rows(cli.out, or_absent(cli, target, known, seen.of(found)), HISTORY)
    cli.out.flush()
    say_longer(cli.out, found.step, asked)
    say_gaps(cli.out, found.gaps, several=several, local=cli.out.form == "table")
    say_absent(cli, target, known, seen.found)


@command(app, "plot", example="chatops metrics plot 'web-*' cpu memory --since 6h")
def plot(
    cli: Cli,
    target: TARGET,
    metrics: Annotated[
        list[str],
        typer.Argument(metavar="METRIC ...", help="which ones", autocompletion=complete_metrics),
    ],
    since: SINCE = "1h",
    until: UNTIL = None,
    step: STEP = None,
    svg: Annotated[
        Path | None,
        typer.Option(
            "--svg",
            metavar="FILE",
            help="write a picture there instead, over an old one; - is stdout",
        ),
    ] = None,
) -> None:
    """Charts of what was measured, in the terminal: one for each unit, with a line for each server
    and METRIC, and figures below it. A gap is a gap in the line; of a single line the shade
    behind it reaches from the least to the most. Times are local. What an agent lost, and what
    there is nothing of, is told on stderr. Other forms (-o) print the rows that would be drawn."""
    from chatops.cli.charts.plot import plot as draw_plot

    if EVERY in metrics:
        raise InvalidInput("a chart has no room for all metrics", hint="name the METRICs to draw")
    begin, end = _span(since, until)
    ordered(begin, end)
    draw_plot(
        cli, target, list(dict.fromkeys(_checked(metrics))), since=begin, until=end,
        step=seconds(step, "--step"), picture=svg,
    )  # fmt: skip


@command(app, "export", example="chatops metrics export web-1 --since 7d -o csv > web-1.csv")
def export(
    cli: Cli,
    target: TARGET,
    metrics: METRICS = None,
    since: SINCE = "7d",
    until: UNTIL = None,
    step: STEP = None,
) -> None:
    """Everything that was measured, or the METRICs named, oldest first: rows of ts, server, metric
    and value, as csv, with `-o ndjson` an object a line, with `-o json` an array. They are written
    as they come, however many. Without --step they are as fine as the hub keeps for the whole
    span, at best the samples themselves; stderr says what they are, and what is missing."""
    several, asked = parse_target(target).one is None, seconds(step, "--step")
    names = _checked(metrics) or [EVERY]
    begin, end = _span(since, until)
    found = cli.client.metrics.histories(target, names, since=begin, until=end, step=asked)
    seen, known = Seen(), [] if names == [EVERY] else names
    rows = map(export_row, or_absent(cli, target, known, seen.of(found)))
    if asked is None:
        say_finest(cli.out, found.step)
    else:
        say_longer(cli.out, found.step, asked)
    if cli.out.quiet:
        print_rows(cli.out, rows, EXPORT)
    else:
        write_rows(sys.stdout, rows, EXPORT, "csv" if cli.out.form == "table" else cli.out.form)
    cli.out.flush()
    say_gaps(cli.out, found.gaps, several=several, local=False)
    say_absent(cli, target, known, seen.found)


@command(app, "watch", example="chatops metrics watch 'web-*'")
def watch(cli: Cli, target: TARGET) -> None:
    """Samples as they arrive, until Ctrl-C: a line each. On a terminal several servers are a
    table that is updated in its place: with when each was last heard, and old values dim. In a
    pipe whole samples come from at most 500 servers."""
    from chatops.cli.watching import samples

    cli.out.refuse_json()
    if cli.out.has_screen() and parse_target(target).one is None:
        from chatops.cli.live_table import watch_table

        watch_table(cli, target)
    for sample in samples(cli, target):
        cli.out.live(sample, LIVE)


@command(app, "scrape", example="chatops metrics scrape --fleet | promtool check metrics")
def scrape(
    cli: Cli,
    *,
    fleet: Annotated[
        bool, typer.Option("--fleet", help="also what every server measured last")
    ] = False,
) -> None:
    """What Prometheus gets when it scrapes the hub, in its own text format: how the hub and the
    fleet are, as far as your account may see that."""
    if cli.out.form != "table":
        raise InvalidInput("a scrape has only Prometheus' own form", hint="leave -o out")
    text = cli.client.metrics.scrape(fleet=fleet)
    if cli.out.is_terminal():  # names are foreign; for programs they stay what they are
        text = "".join(escape(line) + "\n" for line in text.split("\n")[:-1])
    cli.out.raw(text.encode())


def _span(since: str | None, until: str | None) -> tuple[float, float | None]:
    """When the span begins and ends.

    Raises:
        InvalidInput: that cannot be read, or it begins in the future.
    """
    begin, end = moment(since, "--since"), moment(until, "--until")
    assert begin is not None, "the option has a default"
    if begin > time.time() + AHEAD:
        raise InvalidInput(f"--since: {since} is in the future: nothing was measured there yet")
    return begin, end


def _checked(metrics: Sequence[str] | None) -> list[str]:
    """The METRICs that were named.

    Raises:
        InvalidInput: there is none of such a name, or they are too many.
    """
    names = list(metrics or ())
    if len(names) > MAX_HISTORY_METRICS:
        raise InvalidInput(
            f"a history takes {MAX_HISTORY_METRICS} METRICs at a time, not {len(names)}",
            hint="'*' is all of them",
        )
    for name in names if names != [EVERY] else ():
        parse_metric(name)
    return names
