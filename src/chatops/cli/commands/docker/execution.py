"""``chatops docker exec``, as typer sees it; see chatops.cli.commands.exec."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chatops.cli.args import SERVER
from chatops.cli.commands.docker.group import CONTAINER, app
from chatops.cli.context import Cli
from chatops.cli.declared import DOCKER_EXEC
from chatops.cli.define import command, parameter
from chatops.cli.execute import run
from chatops.cli.exits import exec_exit_code


@command(
    app, "exec", example="chatops docker exec -it web-1 app sh", options_first=True,
    exit_of=exec_exit_code, extra=[parameter(one) for one in DOCKER_EXEC],
)  # fmt: skip
def execute(
    cli: Cli,
    server: SERVER,
    container: CONTAINER,
    words: Annotated[
        list[str],
        typer.Argument(metavar="COMMAND [ARG ...]", help="a shell line, or a program's vector"),
    ],
    **options: Any,
) -> int:
    """Run a command in a container, as `exec` does on a server.

    Options stand before SERVER. One COMMAND argument is a line for the container's /bin/sh, two
    or more are an exact vector without a shell. Output, bytes and exit status are the command's;
    Ctrl-C ends it, and waits for the end.

    With -it it has a terminal, as with `chatops shell`: full-screen programs, Ctrl-C and job
    control, and a recording; at the beginning of a line `~.` leaves.

    Exit status: that of `exec`; 121 also where there is no such container, it does not run, or
    the engine cannot be asked: nothing was run.
    """
    return run(cli, server, words, container=container, **options)
