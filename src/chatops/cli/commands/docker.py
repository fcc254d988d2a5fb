"""``chatops docker``."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer

from chatops.cli import show
from chatops.cli.args import SERVER, TARGET, YES
from chatops.cli.confirm import confirm
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import DONE, FAILED
from chatops.cli.reading import seconds
from chatops.cli.several import ask_each, say_not_asked
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import (
    ContainerChange,
    ContainerDetail,
    ContainerProcess,
    ContainerVerb,
    Image,
    ServerContainer,
)
from chatops.protocol.target import parse_target
from chatops.text import escape

app = group("Containers of servers whose agents were started with --allow docker.")
CONTAINER = Annotated[str, typer.Argument(metavar="CONTAINER", help="name or id")]
_ID: Final = 12
"""Characters of an id that people see."""
_NEVER: Final = "0001-01-01T00:00:00Z"
"""The engine's word for what has not happened."""


def _short(key: str) -> str:
    return key.removeprefix("sha256:")[:_ID]


def _state(one: ServerContainer) -> str:
    return f"{one.state} ({one.health})" if one.health else one.state


def _style(one: ServerContainer) -> Style | None:
    if one.health == "unhealthy":
        return "bad"
    return "good" if one.state == "running" else "dim"


CONTAINERS = View(
    ServerContainer,
    lambda one: one.name,
    [
        Column("SERVER", lambda c: c.server),
        Column("NAME", lambda c: c.name),
        Column("STATE", _state, _style),
        Column("STATUS", lambda c: c.status, spare=True),
        Column("CPU", lambda c: show.percent(c.cpu_percent), right=True),
        Column("MEMORY", lambda c: show.size(c.memory), right=True),
        Column("PROJECT", lambda c: c.project, spare=True),
        Column("PORTS", lambda c: " ".join(c.ports) or None, spare=True),
        Column("IMAGE", lambda c: c.image, cut=True),
    ],
)
IMAGES = View(
    Image,
    lambda one: one.id,
    [
        Column("ID", lambda i: _short(i.id)),
        Column("TAGS", lambda i: " ".join(i.tags) or None),
        Column("SIZE", lambda i: show.size(i.size), right=True),
        Column("CREATED", lambda i: show.age(i.created_at)),
    ],
)
PROCESSES = View(
    ContainerProcess,
    lambda one: str(one.pid),
    [
        Column("PID", lambda p: str(p.pid), right=True),
        Column("PPID", lambda p: None if p.ppid is None else str(p.ppid), right=True),
        Column("USER", lambda p: p.user),
        Column("COMMAND", lambda p: p.command, cut=True),
    ],
)


CHANGED = View(
    ContainerChange,
    lambda one: one.name,
    [
        Column("SERVER", lambda c: c.server),
        Column("NAME", lambda c: c.name),
        Column("STATE", lambda c: c.state),
    ],
)
TIMEOUT = Annotated[
    str,
    typer.Option(
        "--timeout", metavar="DURATION", help="how long it may take; then a stop becomes a kill"
    ),
]


def _of(*path: str) -> Any:
    """Shows what lies at a path of the engine's own words."""

    def text(one: ContainerDetail) -> str | None:
        found: Any = one.detail
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, list):
            return " ".join(map(str, found)) or None
        return None if found in (None, "", _NEVER) else str(found)

    return text


DETAIL = View(
    ContainerDetail,
    lambda one: one.name,
    [
        Column("server", lambda c: c.server),
        Column("id", lambda c: c.id),
        Column("name", lambda c: c.name),
        Column("image", _of("Config", "Image")),
        Column("state", _of("State", "Status")),
        Column("health", _of("State", "Health", "Status")),
        Column("exit code", _of("State", "ExitCode")),
        Column("restarts", _of("RestartCount")),
        Column("created", _of("Created")),
        Column("started", _of("State", "StartedAt")),
        Column("finished", _of("State", "FinishedAt")),
        Column("command", _of("Config", "Cmd")),
        Column("variables", _of("Config", "Env")),
        Column("binds", _of("HostConfig", "Binds")),
        Column("restart policy", _of("HostConfig", "RestartPolicy", "Name")),
    ],
)


@command(app, "ps", example="chatops docker ps 'web-*' -a")
def ps(
    cli: Cli,
    target: TARGET,
    *,
    every: Annotated[bool, typer.Option("-a", "--all", help="also those that do not run")] = False,
) -> int:
    """The containers of one server or of many, as their engines know them now. CPU (per cent of
    one core) and memory are of the agent's last look. Of several servers those that could not be
    asked are named on stderr, and the exit status is 1 then."""
    wanted = parse_target(target)
    if wanted.one is not None:
        cli.out.items(cli.client.docker.ps(wanted.one, every=every), CONTAINERS)
        return DONE
    answers = ask_each(cli, target, lambda client, name: client.docker.ps(name, every=every))
    found = [rows for rows in answers.values() if isinstance(rows, list)]
    cli.out.items([row for rows in found for row in rows], CONTAINERS)
    return FAILED if say_not_asked(cli, answers) else DONE


@command(app, "inspect", example="chatops docker inspect web-1 app -o json")
def inspect(cli: Cli, server: SERVER, container: CONTAINER) -> None:
    """What the engine knows of a container; -o json has all of it, in the engine's own words. Of
    its environment only the names are told."""
    cli.out.item(cli.client.docker.inspect(server, container), DETAIL)


@command(app, "top", example="chatops docker top web-1 app")
def top(cli: Cli, server: SERVER, container: CONTAINER) -> None:
    """The processes of a container, with their ids on the host."""
    cli.out.items(cli.client.docker.top(server, container), PROCESSES)


@command(app, "images", example="chatops docker images web-1")
def images(cli: Cli, server: SERVER) -> None:
    """The images that lie on a server."""
    cli.out.items(cli.client.docker.images(server), IMAGES)


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
    timeout: TIMEOUT = "10s",
) -> None:
    """Stop a container: it is asked to end, and killed when it has not by the time of --timeout."""
    _change(cli, server, container, "stop", "stopped", timeout)


@command(app, "restart", example="chatops docker restart web-1 app")
def restart(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
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
    """Remove a container that does not run, with all that was written in it."""
    confirm(f"remove the container {escape(container)} of {escape(server)}?", yes=yes)
    _change(cli, server, container, "rm", "removed", timeout)


def _change(
    cli: Cli, server: str, container: str, action: ContainerVerb, done: str, timeout: str
) -> None:
    limit = seconds(timeout, "--timeout")
    made = cli.client.docker.change(server, container, action, timeout=limit)
    cli.out.changed(made, CHANGED, f"{done} {escape(made.name)} on {escape(made.server)}")
