"""``chatops thresholds``."""

from __future__ import annotations

from typing import Annotated, Final, cast

import typer

from chatops.cli import figures, show
from chatops.cli.absent import say_if_nobody
from chatops.cli.args import YES
from chatops.cli.completion import complete_metric_names, complete_rules, complete_tried
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import moment, wait
from chatops.cli.rule_notes import say_notes
from chatops.cli.view import Column, Style, View
from chatops.errors import InvalidInput
from chatops.protocol.rest import Op, Severity, Threshold
from chatops.text import escape

app = group("The rules that raise alerts.")
RULE = Annotated[
    str, typer.Argument(metavar="ID", help="a rule's name or id", autocompletion=complete_rules)
]
OPS: Final[dict[str, Op]] = {
    "gt": "gt", "ge": "ge", "lt": "lt", "le": "le", ">": "gt", ">=": "ge", "<": "lt", "<=": "le",
}  # fmt: skip
SEVERITY_STYLES: Final[dict[str, Style]] = {"critical": "bad", "warning": "warn"}


def value_in_unit(metric: str, value: float) -> str | None:
    """A value of a rule as people read it."""
    return figures.exact(value, figures.unit_of(metric))


def _condition(rule: Threshold) -> str:
    return f"{rule.metric} {rule.op} {value_in_unit(rule.metric, rule.value)}"


THRESHOLDS = View(
    Threshold,
    lambda rule: rule.name,
    [
        Column("NAME", lambda r: r.name),
        Column("CONDITION", _condition),
        Column("CLEAR", lambda r: value_in_unit(r.metric, r.clear), spare=True),
        Column("FOR", lambda r: show.duration(r.for_s)),
        Column("SEVERITY", lambda r: r.severity, lambda r: SEVERITY_STYLES.get(r.severity)),
        Column("TARGET", lambda r: r.target),
        Column("STATE", lambda r: "on" if r.enabled else "off", lambda r: _state_style(r)),
        Column("OWNER", lambda r: r.owner, spare=True),
    ],
)
THRESHOLD = View(
    Threshold,
    lambda rule: rule.name,
    [
        Column("id", lambda r: r.id),
        Column("name", lambda r: r.name),
        Column("condition", _condition),
        Column("clear", lambda r: value_in_unit(r.metric, r.clear)),
        Column("for", lambda r: show.duration(r.for_s)),
        Column("severity", lambda r: r.severity, lambda r: SEVERITY_STYLES.get(r.severity)),
        Column("target", lambda r: r.target),
        Column("state", lambda r: "on" if r.enabled else "off", lambda r: _state_style(r)),
        Column("owner", lambda r: r.owner),
    ],
)


def _state_style(rule: Threshold) -> Style:
    return "good" if rule.enabled else "dim"


@command(app, "list", example="chatops thresholds list")
def list_thresholds(cli: Cli) -> None:
    """The rules that cover servers of yours, and your own; in order of name."""
    cli.out.items(cli.client.thresholds.list(), THRESHOLDS)


@command(
    app,
    "set",
    example="chatops thresholds set cpu gt 90% --for 5m --target tag:env=prod --name hot",
    negative_values=True,
)
def set_threshold(
    cli: Cli,
    metric: Annotated[
        str,
        typer.Argument(
            metavar="METRIC",
            help="like cpu, disk:/var; disk:* is each mount",
            autocompletion=complete_metric_names,
        ),
    ],
    op: Annotated[str, typer.Argument(metavar="OP", help="gt ge lt le, also > >= < <=")],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="in the metric's unit: 90%, 10GB, 5m, -30")
    ],
    target: Annotated[
        str, typer.Option("--target", metavar="TARGET", help="servers, also those that come later")
    ] = "all",
    for_: Annotated[
        str, typer.Option("--for", metavar="DURATION", help="how long it must have lasted")
    ] = "1m",
    clear: Annotated[
        str | None,
        typer.Option("--clear", metavar="VALUE", help="where it clears; 5 % inside if left out"),
    ] = None,
    severity: Annotated[
        str, typer.Option("--severity", metavar="S", help="info, warning or critical")
    ] = "warning",
    name: Annotated[str | None, typer.Option("--name", metavar="N", help="what to call it")] = None,
) -> None:
    """Make a rule, or change the one of that --name: it becomes what is said here, and what is
    left out is as for a new one.

    METRIC alone is the total (of `disk` the fullest mount); METRIC:NAME is one instance, METRIC:*
    each of them. The alert fires when the value has been beyond VALUE for --for, and clears when it
    is at --clear or further inside.
    """
    from chatops.protocol.metric_values import parse_value

    rule = cli.client.thresholds.set(
        metric,
        op_of(op),
        parse_value(metric, value),
        target=target,
        for_s=wait(for_, "--for"),
        clear=parse_value(metric, clear) if clear is not None else None,
        severity=severity_of(severity, "--severity"),
        name=name,
    )
    cli.out.made(
        rule, THRESHOLD,
        f"{escape(rule.name)}: {escape(_condition(rule))} for {show.duration(rule.for_s)}, clears"
        f" at {value_in_unit(rule.metric, rule.clear)}, {rule.severity}, on {escape(rule.target)}",
    )  # fmt: skip
    say_if_nobody(cli, target)
    say_notes(cli, rule)


@command(app, "show", example="chatops thresholds show disk-full")
def show_threshold(cli: Cli, rule: RULE) -> None:
    """One rule."""
    cli.out.item(cli.client.thresholds.get(rule), THRESHOLD)


@command(app, "rm", example="chatops thresholds rm hot --yes")
def remove(cli: Cli, rule: RULE, *, yes: YES = False) -> None:
    """Remove a rule; its open alerts are resolved."""
    confirm(f"remove the rule {escape(rule)}?", yes=yes)
    gone = cli.client.thresholds.get(rule)
    cli.client.thresholds.remove(rule)
    cli.out.changed(gone, THRESHOLD, f"removed the rule {escape(gone.name)}")


@command(app, "enable", example="chatops thresholds enable hot")
def enable(cli: Cli, rule: RULE) -> None:
    """Switch a rule on."""
    _switch(cli, rule, enabled=True)


@command(app, "disable", example="chatops thresholds disable hot")
def disable(cli: Cli, rule: RULE) -> None:
    """Switch a rule off; its open alerts are resolved."""
    _switch(cli, rule, enabled=False)


def _switch(cli: Cli, rule: str, *, enabled: bool) -> None:
    changed = cli.client.thresholds.enable(rule, enabled=enabled)
    cli.out.changed(changed, THRESHOLD, f"{escape(changed.name)} is {'on' if enabled else 'off'}")


def severity_of(text: str, option: str) -> Severity:
    """A severity.

    Raises:
        InvalidInput: it is none; names the option.
    """
    if text not in ("info", "warning", "critical"):
        raise InvalidInput(f"{option}: {text[:40]!r} is none of info, warning, critical")
    return cast("Severity", text)


def op_of(text: str) -> Op:
    """The operator that is written so.

    Raises:
        InvalidInput: it is none.
    """
    if text not in OPS:
        raise InvalidInput(
            f"{text[:40]!r} is no comparison", hint="use gt, ge, lt or le (or '>', '>=', '<', '<=')"
        )
    return OPS[text]


@command(
    app,
    "test",
    example="chatops thresholds test cpu gt 90% --for 5m --since 7d",
    negative_values=True,
)
def try_threshold(
    cli: Cli,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID | METRIC OP VALUE",
            help="a rule's name or id, or a condition as for set",
            autocompletion=complete_tried,
        ),
    ],
    target: Annotated[
        str | None, typer.Option("--target", metavar="TARGET", help="all, or those of the rule")
    ] = None,
    for_: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="1m, or that of the rule")
    ] = None,
    clear: Annotated[
        str | None, typer.Option("--clear", metavar="VALUE", help="where it clears")
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="a duration ago, or a time")
    ] = "24h",
) -> None:
    """Say when a rule would have fired, how long and how often, with its --for and clear value and
    (PLAIN) without. Nothing is set, and nobody is told.

    It judges the history as the hub judges samples: the samples themselves, or where there would be
    too many, or only these are kept, the worst value of each step, so that no breach is averaged
    away; then what swings within a step may look like one long breach. stderr says which. What
    came late, after an outage of the agent, fires nothing live, but does here.
    """
    from chatops.cli.replay import print_replay

    for word in words:  # what is no number is no value, either
        if word.startswith("--"):
            raise InvalidInput(
                f"no such option: {word[:40]}", hint="see `chatops thresholds test --help`"
            )
    if len(words) not in (1, 3):
        raise InvalidInput(
            "name a rule, or give METRIC OP VALUE", hint="like: chatops thresholds test cpu gt 90%"
        )
    begin, for_s = moment(since, "--since"), None if for_ is None else wait(for_, "--for")
    print_replay(cli, list(words), target=target, for_s=for_s, clear=clear, since=begin)
