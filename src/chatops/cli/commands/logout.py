"""``chatops logout``."""

from __future__ import annotations

from chatops.cli.commands.profiles import PROFILES, row_of
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.errors import ChatOpsError, NotSignedIn
from chatops.text import escape

app = group("End the session.")


@command(app, "logout", example="chatops logout")
def logout(cli: Cli) -> None:
    """End the session of the active profile, on the hub and here; the profile stays."""
    name = cli.connection.profile
    if name is None:
        raise NotSignedIn(
            "there is no session to end: the token was given by hand",
            hint="`chatops tokens revoke` or its end of life ends such a token",
        )
    with cli.profiles.change() as book:
        profile = book.get(name)
        refresh_token = profile.refresh_token
        profile.token = profile.refresh_token = None
        row = row_of(book, name)
    cli.out.changed(row, PROFILES, _end(cli, name, refresh_token))


def _end(cli: Cli, name: str, refresh_token: str | None) -> str:
    """End a session on the hub; what there is to say of it."""
    if refresh_token is None:
        return f"there was no session (profile {escape(name)})"
    try:
        cli.client.auth.logout(refresh_token)
    except ChatOpsError as error:
        return f"forgot the session; the hub could not be told: {escape(error.message)}"
    return f"signed out of {cli.connection.hub} (profile {escape(name)})"
