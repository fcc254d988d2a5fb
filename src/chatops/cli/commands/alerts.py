"""``chatops alerts``."""

from __future__ import annotations

from typing import Annotated, Final, get_args

import typer

from chatops.cli import figures, show
from chatops.cli.args import LIMIT, asked, print_newest
from chatops.cli.commands.thresholds import SEVERITY_STYLES, severity_of
from chatops.cli.completion import complete_servers
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import FAILED
from chatops.cli.reading import chosen, moment
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import Alert, AlertDetail, AlertState, Severity
from chatops.text import counted, escape, shorten

app = group("What is wrong with the fleet, what was, and who takes care of it.")
ALERT = Annotated[str, typer.Argument(metavar="ID", help="see `chatops alerts list`")]
_STATES: Final[tuple[AlertState, ...]] = get_args(AlertState)
_RANK: Final[tuple[Severity, ...]] = get_args(Severity)


def _server(alert: Alert) -> str | None:
    return alert.server if alert.servers is None else counted(len(alert.servers), "server")


def _state(alert: Alert) -> str:
    marks = [
        word for word, is_so in (("stale", alert.stale), ("silenced", alert.silenced)) if is_so
    ]
    shown = marks if alert.state != "resolved" else []
    return f"{alert.state} ({', '.join(shown)})" if shown else alert.state


def _state_style(alert: Alert) -> Style | None:
    if alert.state == "firing" and not alert.stale:
        return "bad"
    return "warn" if alert.state in ("firing", "acknowledged") else "dim"


def _severity_style(alert: Alert) -> Style | None:
    return SEVERITY_STYLES.get(alert.severity) if alert.state != "resolved" else "dim"


ALERTS = View(
    Alert,
    lambda alert: alert.id,
    [
        Column("ID", lambda a: a.id),
        Column("SERVER", _server),
        Column("SEVERITY", lambda a: a.severity, _severity_style),
        Column("STATE", _state, _state_style),
        Column("SINCE", lambda a: show.age(a.fired_at or a.started_at), spare=True, whole=True),
        Column("RULE", lambda a: a.threshold_name, spare=True),
        Column("MESSAGE", lambda a: a.message, below=True),
    ],
)
LIVE = View(
    Alert,
    lambda alert: alert.id,
    [
        Column("TIME", lambda a: show.local(a.resolved_at or a.fired_at), width=19),
        Column("SERVER", _server, width=12),
        Column("SEVERITY", lambda a: a.severity, _severity_style),
        Column("STATE", _state, _state_style, width=20),
        Column("RULE", lambda a: a.threshold_name, width=12),
        Column("MESSAGE", lambda a: a.message, width=0),
    ],
)
NARROW = View(
    Alert,
    LIVE.name,
    [
        Column("TIME", lambda a: show.recent(a.resolved_at or a.fired_at)),
        Column("SERVER", _server, width=10),
        Column("SEVERITY", lambda a: a.severity, _severity_style),
        Column("STATE", _state, _state_style, width=12),
        Column("RULE", lambda a: a.threshold_name, width=10),
        Column("MESSAGE", lambda a: a.message, width=0),
    ],
)
_WIDE: Final = 110
"""Columns of a terminal from which on the time of an alert is shown in full."""
DETAIL = View(
    AlertDetail,
    lambda alert: alert.id,
    [
        Column("id", lambda a: a.id),
        Column("server", lambda a: a.server if a.servers is None else ", ".join(a.servers)),
        Column("rule", lambda a: a.threshold_name),
        Column("severity", lambda a: a.severity, _severity_style),
        Column("state", _state, _state_style),
        Column("message", lambda a: a.message),
        Column("value", lambda a: _value(a)),
        Column("started", lambda a: show.local(a.started_at)),
        Column("fired", lambda a: show.local(a.fired_at)),
        Column("acknowledged", lambda a: a.acked_by),
        Column("comment", lambda a: a.comment),
        Column("resolved", lambda a: show.local(a.resolved_at)),
        Column("reason", lambda a: a.resolved_reason),
    ],
)


def _value(alert: Alert) -> str | None:
    return figures.in_unit(alert.value, figures.unit_of(alert.metric))


@command(app, "list", example="chatops alerts list --severity critical --fail-on critical")
def list_alerts(
    cli: Cli,
    state: Annotated[
        str,
        typer.Option("--state", metavar="STATES", help="pending, resolved or all; comma joins"),
    ] = "firing,acknowledged",
    server: Annotated[
        str | None,
        typer.Option(
            "--server", metavar="S", help="of this server", autocompletion=complete_servers
        ),
    ] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", metavar="S", help="info, warning or critical")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="resolved since then")
    ] = "7d",
    fail_on: Annotated[
        str | None,
        typer.Option("--fail-on", metavar="SEVERITY", help="exit 1 if one so bad is firing"),
    ] = None,
    limit: LIMIT = 100,
) -> int | None:
    """Alerts, oldest first.

    --since limits resolved ones only. With --fail-on the exit code is 1 when an alert of that
    severity or worse is firing, of --server if that is given, listed or not.
    """
    worst = severity_of(fail_on, "--fail-on") if fail_on is not None else None
    found = cli.client.alerts.list(
        states=chosen(state, "--state", _STATES),
        server=server,
        severity=severity_of(severity, "--severity") if severity is not None else None,
        since=moment(since, "--since"),
        limit=asked(limit),
    )
    print_newest(cli.out, found, ALERTS, limit)
    return _verdict(cli, server, worst) if worst is not None else None


@command(app, "watch", example="chatops alerts watch --until-clear --severity critical")
def watch(
    cli: Cli,
    server: Annotated[
        str | None,
        typer.Option(
            "--server", metavar="S", help="of this server", autocompletion=complete_servers
        ),
    ] = None,
    severity: Annotated[
        str | None, typer.Option("--severity", metavar="S", help="info, warning or critical")
    ] = None,
    *,
    until_clear: Annotated[
        bool, typer.Option("--until-clear", help="exit 0 when none is open any more")
    ] = False,
) -> None:
    """The alerts that are open, and then each one that fires, is acknowledged, becomes stale or is
    resolved, as it is then: a line each, until Ctrl-C.

    With --until-clear it ends when no alert is firing or acknowledged, of --server and --severity
    if these are given; at once if none is. Nothing is missed while the hub is restarted, or away.
    """
    from chatops.cli.alert_feed import Filter, follow_alerts

    cli.out.refuse_json()
    worst = severity_of(severity, "--severity") if severity is not None else None
    view = NARROW if (cli.out.width or _WIDE) < _WIDE else LIVE
    for alert in follow_alerts(cli, Filter(server, worst), until_clear=until_clear):
        cli.out.live(alert, view)


@command(app, "show", example="chatops alerts show 0197...")
def show_alert(cli: Cli, alert: ALERT) -> None:
    """One alert, with what its agent told when it fired."""
    found = cli.client.alerts.get(alert)
    cli.out.item(found, DETAIL)
    if cli.out.form == "table" and not cli.out.quiet and found.evidence:
        from chatops.cli.evidence import evidence_lines

        room = cli.out.width
        for line in evidence_lines(found.evidence):
            cli.out.text(shorten(line, room) if room else line)


@command(app, "ack", example='chatops alerts ack 0197... --comment "ordered a disk"')
def ack(
    cli: Cli,
    alert: ALERT,
    comment: Annotated[
        str | None, typer.Option("--comment", metavar="C", help="what others should know")
    ] = None,
) -> None:
    """Take care of an alert: nobody is reminded of it any more."""
    done = cli.client.alerts.ack(alert, comment)
    cli.out.changed(done, ALERTS, f"acknowledged {escape(_title(done))}")


@command(app, "resolve", example="chatops alerts resolve 0197...")
def resolve(cli: Cli, alert: ALERT) -> None:
    """Say that an alert is over; if its rule goes on to hold, it comes again five minutes later."""
    done = cli.client.alerts.resolve(alert)
    cli.out.changed(done, ALERTS, f"resolved {escape(_title(done))}")


def _title(alert: Alert) -> str:
    where = f" on {alert.server}" if alert.server else ""
    return f"{alert.threshold_name}{where}: {alert.message}"


def _verdict(cli: Cli, server: str | None, least: Severity) -> int | None:
    bad = [
        one
        for one in cli.client.alerts.list(states=["firing"], server=server)
        if _RANK.index(one.severity) >= _RANK.index(least)
    ]
    if not bad:
        return None
    cli.out.flush()
    more = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    cli.out.say(f"firing: {escape(_title(bad[0]))}{more}")
    return FAILED
