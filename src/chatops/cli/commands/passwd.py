"""``chatops passwd``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.confirm import read_password
from chatops.cli.context import Cli
from chatops.cli.define import command, group

app = group("Change your password.")


@command(app, "passwd", example="chatops passwd")
def passwd(
    cli: Cli,
    *,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="read two lines: the old password, then the new"),
    ] = False,
) -> None:
    """Change your own password."""
    user = cli.client.auth.me().name
    current = read_password(stdin=password_stdin, prompt=f"current password of {user}")
    new = read_password(stdin=password_stdin, prompt="new password", twice=True)
    cli.client.auth.change_password(current, new)
    cli.out.say("the password is changed")
