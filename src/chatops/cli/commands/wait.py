"""``chatops wait``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.args import TARGET
from chatops.cli.completion import complete_metric_names
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import TIMED_OUT, exit_code
from chatops.cli.reading import seconds, wait
from chatops.cli.view import Column, View
from chatops.errors import ChatOpsError, InvalidInput
from chatops.text import counted

app = group("Wait until something is true of servers.")


def _exit_of(error: ChatOpsError) -> int:
    return TIMED_OUT if error.code == "timed_out" else exit_code(error)


@command(
    app,
    "wait",
    example="chatops wait 'web-*' --online --metric 'cpu<50' --for 30s --timeout 5m",
    exit_of=_exit_of,
)
def wait_until(
    cli: Cli,
    target: TARGET,
    *,
    online: Annotated[bool, typer.Option("--online", help="the agent is connected")] = False,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="COND",
            help="like 'cpu<50'; may be repeated",
            autocompletion=complete_metric_names,
        ),
    ] = None,
    for_: Annotated[
        str | None,
        typer.Option("--for", metavar="DURATION", help="how long --metric must have been so"),
    ] = None,
    no_alerts: Annotated[
        bool, typer.Option("--no-alerts", help="no alert is firing or acknowledged")
    ] = False,
    container: Annotated[
        list[str] | None,
        typer.Option("--container", metavar="NAME=STATE", help="like web=healthy; may be repeated"),
    ] = None,
    timeout: Annotated[
        str | None, typer.Option("--timeout", metavar="DURATION", help="no limit if left out")
    ] = None,
) -> int | None:
    """Wait until all conditions hold on all servers that TARGET means now, for CI: exit 0 then, and
    124 if that is not so within --timeout; `error:` names the servers and their last values.

    --metric takes a METRIC, one of < <= > >= (or lt le gt ge) and a value in its unit:
    'cpu<50', 'disk:/var<90%', 'memory.available>2GB'. --for counts by the samples' own times; a gap
    between them, or a server that is offline, begins it anew.

    --container asks the server's engine, every second. STATE is what the health check of a running
    container says (healthy, unhealthy, starting), or the engine (running, whatever its health,
    exited, paused ...), or gone: there is none of that name. One that is not there yet is waited
    for.

    A hub that is restarted meanwhile is waited for. -o json prints how it stands with each server
    in the end.
    """
    from chatops.cli.conditions import (
        Condition,
        NoAlerts,
        Online,
        OnMetric,
        WaitState,
        parse_condition,
        parse_container,
    )
    from chatops.cli.wait_until import Wait

    written = [parse_condition(text) for text in metric or ()]
    containers = list(container or ())
    for text in containers:
        parse_container(text)
    if not (online or no_alerts or written or containers):
        raise InvalidInput(
            "nothing to wait for", hint="give --online, --metric, --no-alerts or --container"
        )
    if for_ is not None and not written:
        raise InvalidInput("--for goes with --metric")
    for_s, limit = wait(for_ or "0s", "--for"), seconds(timeout, "--timeout")

    def make() -> list[Condition]:
        return [
            *([Online("online")] if online else []),
            *(OnMetric(one, for_s) for one in written),
            *([NoAlerts("no alerts")] if no_alerts else []),
            *map(parse_container, containers),
        ]

    view = View(
        WaitState,
        lambda state: state.server,
        [
            Column("SERVER", lambda s: s.server),
            Column("MET", lambda s: "yes" if s.met else "no"),
            Column("STATUS", lambda s: s.status),
            Column("LAST", lambda s: ", ".join(one.text for one in s.conditions)),
        ],
    )
    waiting = Wait(cli, target, make)
    try:
        states = waiting.run(limit)
    except ChatOpsError:
        if cli.out.form != "table":
            cli.out.items(waiting.states(), view)
        raise
    if cli.out.form != "table" or cli.out.quiet:
        cli.out.items(states, view)
    else:
        cli.out.say(f"true on {counted(len(states), 'server')}")
    return None
