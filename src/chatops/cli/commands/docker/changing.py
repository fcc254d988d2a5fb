"""``chatops docker start|stop|restart|pause|unpause|kill|rm``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.args import SERVER, YES
from chatops.cli.commands.docker.group import CONTAINER, TIMEOUT, app, patience
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command
from chatops.cli.view import Column, View
from chatops.protocol.rest import ContainerChange, ContainerVerb
from chatops.text import escape

CHANGED = View(
    ContainerChange,
    lambda one: one.name,
    [
        Column("SERVER", lambda c: c.server),
        Column("NAME", lambda c: c.name),
        Column("STATE", lambda c: c.state),
    ],
)
GRACE = Annotated[
    str,
    typer.Option(
        "--timeout", metavar="DURATION", help="how long it may take to end before it is killed"
    ),
]


@command(app, "start", example="chatops docker start web-1 app")
def start(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
) -> None:
    """Start a container."""
    _change(cli, server, container, "start", "started", timeout)


@command(app, "stop", example="chatops docker stop web-1 app")
def stop(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: GRACE = "10s",
) -> None:
    """Stop a container. It is asked to end, and killed when it has not by the time of --timeout."""
    _change(cli, server, container, "stop", "stopped", timeout)


@command(app, "restart", example="chatops docker restart web-1 app")
def restart(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: GRACE = "10s",
) -> None:
    """Stop a container and start it again."""
    _change(cli, server, container, "restart", "restarted", timeout)


@command(app, "pause", example="chatops docker pause web-1 app")
def pause(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
) -> None:
    """Pause all processes of a container."""
    _change(cli, server, container, "pause", "paused", timeout)


@command(app, "unpause", example="chatops docker unpause web-1 app")
def unpause(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
) -> None:
    """Let a paused container go on."""
    _change(cli, server, container, "unpause", "unpaused", timeout)


@command(app, "kill", example="chatops docker kill web-1 app")
def kill(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
) -> None:
    """Kill a container at once."""
    _change(cli, server, container, "kill", "killed", timeout)


@command(app, "rm", example="chatops docker rm web-1 app --yes")
def remove(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
    *,
    yes: YES = False,
) -> None:
    """Remove a container that does not run. What was written in it goes too, volumes stay."""
    confirm(f"remove the container {escape(container)} of {escape(server)}?", yes=yes)
    _change(cli, server, container, "rm", "removed", timeout)


def _change(
    cli: Cli, server: str, container: str, action: ContainerVerb, done: str, timeout: str
) -> None:
    limit = patience(timeout)
    made = cli.client.docker.change(server, container, action, timeout=limit)
    cli.out.changed(made, CHANGED, f"{done} {escape(made.name)} on {escape(made.server)}")
