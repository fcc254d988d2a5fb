"""``chatops shell``: a real terminal on a server."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from chatops.cli.args import SERVER
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.execute import command_of
from chatops.cli.exits import exec_exit_code

app = group("A terminal on a server.")
_INSTEAD: Final = "`chatops exec -i SERVER COMMAND` takes its input from a file or a pipe"


@command(
    app, "shell", example="chatops shell web-1 htop", options_first=True, exit_of=exec_exit_code
)
def shell(
    cli: Cli,
    server: SERVER,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[COMMAND [ARG ...]]",
            help="a shell line, or a program's vector; without one the login shell",
        ),
    ] = None,
) -> int:
    """A terminal on a server, as if you sat there: full-screen programs, Ctrl-C, job control.

    Options stand before SERVER. What is printed is recorded on the hub (`chatops recordings`),
    what is typed is not. It outlives a short loss of the way to the hub, and hangs up when you are
    gone for a minute. At the beginning of a line `~.` leaves, `~?` tells what else there is.

    Exit status: the remote one, else that of `exec`; needs an agent with `--allow shell`.
    """
    from chatops.cli.terminal.opening import sit_down

    return sit_down(cli, server, command_of(words) if words else None, _INSTEAD)
