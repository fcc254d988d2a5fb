"""``chatops passwd``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.confirm import read_password
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.text import escape

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
    """Change your own password. All your sessions end; this one is signed in again."""
    user = cli.client.auth.me().name
    current = read_password(stdin=password_stdin, prompt=f"current password of {user}")
    new = read_password(stdin=password_stdin, prompt="new password", twice=True)
    cli.client.auth.change_password(current, new)
    cli.out.say("the password is changed, and all your sessions ended")
    name = cli.connection.profile
    if name is None:
        cli.out.say("sign in again with `chatops login`")
        return
    pair = cli.client.auth.login(user, new)
    with cli.profiles.change() as book:
        profile = book.get(name)
        profile.token, profile.refresh_token = pair.access_token, pair.refresh_token
    cli.out.say(f"signed in again (profile {escape(name)})")
