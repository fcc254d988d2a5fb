"""``chatops shell``: a real terminal on a server."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated

import typer

from chatops.cli.args import SERVER
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.execute import command_of
from chatops.cli.exits import exec_exit_code
from chatops.errors import InvalidInput

if TYPE_CHECKING:
    from chatops.client.terminals import Terminals

app = group("A terminal on a server.")
_TERM = re.compile(r"[A-Za-z0-9][A-Za-z0-9+._-]{0,63}")


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
    from chatops.cli.terminal.raw import RawTerminal
    from chatops.cli.terminal.session import TerminalSession
    from chatops.ids import new_id

    if cli.out.form != "table":
        raise InvalidInput("shell prints what the terminal prints, and has no other form")
    line = command_of(words) if words else None
    screen = RawTerminal(0)
    term, key = os.environ.get("TERM", ""), f"shell-{new_id()}"
    kind = term if _TERM.fullmatch(term) else "xterm"
    session = TerminalSession(
        cli,
        screen,
        lambda keyboard: cli.client.terminals.open(
            server, keyboard, line, term=kind, key=key, **screen.named_size()
        ),
        lambda keyboard, name, offset: _again(cli).come_back(
            server, keyboard, name, offset, **screen.named_size()
        ),
    )
    return session.run()


def _again(cli: Cli) -> Terminals:
    """The terminals of a client of its own, which notices soon that the hub does not answer."""
    where = cli.connection._replace(token=cli.client.token)
    return cli.client_for(where, timeout=10.0).terminals
