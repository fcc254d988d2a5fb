"""``chatops passwd``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.commands.whoami import ME
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
    me = cli.client.auth.me()
    current = read_password(stdin=password_stdin, prompt=f"current password of {me.name}")
    new = read_password(stdin=password_stdin, prompt="new password", twice=True)
    cli.client.auth.change_password(current, new)
    cli.out.say("the password is changed, and all your sessions ended")
    cli.out.changed(me, ME, _sign_in_again(cli, me.name, new))


def _sign_in_again(cli: Cli, user: str, password: str) -> str:
    """Go on in the profile that is in use; what there is to say of it."""
    name = cli.connection.profile
    if name is None:
        return "sign in again with `chatops login`"
    pair = cli.client.auth.login(user, password)
    with cli.profiles.change() as book:
        profile = book.get(name)
        profile.token, profile.refresh_token = pair.access_token, pair.refresh_token
    return f"signed in again (profile {escape(name)})"
