"""``chatops docker ps|inspect|top|images``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from chatops.cli import show
from chatops.cli.args import SERVER, TARGET
from chatops.cli.commands.docker.group import CONTAINER, PROJECT, TIMEOUT, app, patience
from chatops.cli.context import Cli
from chatops.cli.define import command
from chatops.cli.exits import DONE, FAILED
from chatops.cli.projects import by_project
from chatops.cli.several import ask_each, say_not_asked
from chatops.cli.view import Column, Style, View
from chatops.client import Client
from chatops.protocol.rest import ContainerDetail, ContainerProcess, Image, ServerContainer
from chatops.protocol.target import parse_target

_ID: Final = 12
"""Characters of an id that people see."""
_NEVER: Final = "0001-01-01T00:00:00Z"
"""The engine's word for what has not happened."""


def _short(key: str) -> str:
    return key.removeprefix("sha256:")[:_ID]


def _state(one: ServerContainer) -> str:
    return f"{one.state} ({one.health})" if one.health else one.state


def _status(one: ServerContainer) -> str:
    """The engine's words without the health that they end with: STATE has it."""
    return one.status.rpartition(" (")[0] if one.health and one.status.endswith(")") else one.status


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
        Column("STATE", _state, _style, whole=True),
        Column("STATUS", _status, spare=True),
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


def _of(*path: str) -> Callable[[ContainerDetail], str | None]:
    """Shows what lies at a path of the engine's own words."""

    def text(one: ContainerDetail) -> str | None:
        found: Any = one.detail
        for name in path:
            found = found.get(name) if isinstance(found, dict) else None
        if isinstance(found, list):
            return " ".join(map(str, found)) or None
        return None if found in (None, "", _NEVER) else str(found)

    return text


def _when(*path: str) -> Callable[[ContainerDetail], str | None]:
    """The same of a time, in that of the reader."""
    return lambda one: show.local(_of(*path)(one))


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
        Column("created", _when("Created")),
        Column("started", _when("State", "StartedAt")),
        Column("finished", _when("State", "FinishedAt")),
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
    project: PROJECT = None,
) -> int:
    """Containers of one server or of many, as their engines know them. Those of a Compose project
    stand together, those of none last. CPU (per cent of one core) and memory are of the agent's
    last look. Of several servers those that could not be asked are named on stderr, and the exit
    status is 1 then."""

    def ask(client: Client, name: str) -> list[ServerContainer]:
        found = client.docker.ps(name, every=every)
        return by_project(one for one in found if project is None or one.project == project)

    wanted = parse_target(target)
    if wanted.one is not None:
        cli.out.items(ask(cli.client, wanted.one), CONTAINERS)
        return DONE
    answers = ask_each(cli, target, ask)
    found = [rows for rows in answers.values() if isinstance(rows, list)]
    cli.out.items([row for rows in found for row in rows], CONTAINERS)
    return FAILED if say_not_asked(cli, answers) else DONE


@command(app, "inspect", example="chatops docker inspect web-1 app -o json")
def inspect(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    timeout: TIMEOUT = "10s",
) -> None:
    """What the engine knows of a container. With -o json all of it, in the engine's own words; of
    its environment only the names are told."""
    limit = patience(timeout)
    cli.out.item(cli.client.docker.inspect(server, container, timeout=limit), DETAIL)


@command(app, "top", example="chatops docker top web-1 app")
def top(cli: Cli, server: SERVER, container: CONTAINER) -> None:
    """The processes of a container, with their ids on the host."""
    cli.out.items(cli.client.docker.top(server, container), PROCESSES)


@command(app, "images", example="chatops docker images web-1")
def images(cli: Cli, server: SERVER) -> None:
    """The images that lie on a server."""
    cli.out.items(cli.client.docker.images(server), IMAGES)
