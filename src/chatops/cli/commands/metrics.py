"""``chatops metrics``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import SERVER, SINCE, TARGET, UNTIL
from chatops.cli.completion import complete_metrics
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import moment, seconds
from chatops.cli.sample import show_sample
from chatops.cli.view import Column, View
from chatops.protocol.metric_names import METRICS, parse_metric
from chatops.protocol.rest import HistoryRow, ServerSample

app = group("Measured values: latest, past and live.")
HISTORY = View(
    HistoryRow,
    lambda row: row.metric,
    [
        Column("TIME", lambda r: show.local(r.ts)),
        Column("METRIC", lambda r: r.metric),
        Column("VALUE", lambda r: _value(r.metric, r.value), right=True),
        Column("MIN", lambda r: _value(r.metric, r.min), right=True),
        Column("MAX", lambda r: _value(r.metric, r.max), right=True),
    ],
)
LIVE = View(
    ServerSample,
    lambda sample: sample.server,
    [
        Column("TIME", lambda s: show.clock(s.ts)),
        Column("SERVER", lambda s: s.server),
        Column("CPU", lambda s: show.percent(s.cpu.percent), right=True, width=6),
        Column("LOAD", lambda s: show.number(s.load[0] if s.load else None), right=True, width=5),
        Column("MEMORY", lambda s: show.percent(s.memory.percent), right=True, width=6),
        Column("DISK", lambda s: show.percent(_fullest(s)), right=True, width=6),
        Column("RECEIVED", lambda s: _rate(n.rx_bps for n in s.network), right=True, width=10),
        Column("SENT", lambda s: _rate(n.tx_bps for n in s.network), right=True, width=10),
    ],
)


@command(app, "show", example="chatops metrics show web-1 -o json")
def show_latest(cli: Cli, server: SERVER) -> None:
    """The latest sample of a server, in full."""
    show_sample(cli.out, cli.client.metrics.latest(server))


@command(app, "history", example="chatops metrics history web-1 cpu disk:/var --since 6h")
def history(
    cli: Cli,
    server: SERVER,
    metrics: Annotated[
        list[str] | None,
        typer.Argument(metavar="METRIC ...", help="which ones", autocompletion=complete_metrics),
    ] = None,
    since: SINCE = "1h",
    until: UNTIL = None,
    step: Annotated[
        str, typer.Option("--step", metavar="DURATION", help="one row for so long a time")
    ] = "1m",
) -> None:
    """What was measured, oldest first: mean, least and most of each step. A gap has no row."""
    for metric in metrics or ():
        parse_metric(metric)
    rows = cli.client.metrics.history(
        server, metrics or (), since=moment(since, "--since"), until=moment(until, "--until"),
        step=seconds(step, "--step"),
    )  # fmt: skip
    cli.out.items(rows, HISTORY)


@command(app, "watch", example="chatops metrics watch 'web-*'")
def watch(cli: Cli, target: TARGET) -> None:
    """Samples as they arrive, until Ctrl-C."""
    from chatops.cli.watching import samples

    cli.out.refuse_json()
    for sample in samples(cli, target):
        cli.out.live(sample, LIVE)


def _value(name: str, value: float) -> str | None:
    unit = METRICS[name.partition(":")[0]].unit if name.partition(":")[0] in METRICS else ""
    forms = {"%": show.percent, "B": show.size, "B/s": show.rate, "s": show.duration}
    return forms.get(unit, show.number)(value)


def _fullest(sample: ServerSample) -> float | None:
    return max((disk.percent for disk in sample.disks if disk.percent is not None), default=None)


def _rate(rates: Iterable[float | None]) -> str | None:
    known = [one for one in rates if one is not None]
    return show.rate(sum(known)) if known else None
