"""``chatops register``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.args import PASSWORD_STDIN
from chatops.cli.commands.login import URL, connection_to, trusted
from chatops.cli.commands.users import USER
from chatops.cli.confirm import read_password
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.text import escape

app = group("Make yourself an account, where the hub allows it.")


@command(app, "register", example="chatops register https://hub.example.org -u ada")
def register(
    cli: Cli,
    url: URL = None,
    *,
    user: Annotated[str, typer.Option("--user", "-u", metavar="USER", help="name to take")],
    password_stdin: PASSWORD_STDIN = False,
) -> None:
    """Make yourself an account with the role viewer, on a hub that is open for that."""
    where = trusted(cli, connection_to(cli, url))
    password = read_password(stdin=password_stdin, prompt="new password", twice=True)
    with cli.client_for(where._replace(token=None, profile=None)) as client:
        made = client.auth.register(user, password)
    cli.out.item(made, USER)
    cli.out.say(f"`chatops login {escape(where.hub)} -u {escape(user)}` signs you in")
