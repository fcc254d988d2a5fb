"""``chatops logout``."""

from __future__ import annotations

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
    if refresh_token is None:
        cli.out.say(f"there was no session (profile {escape(name)})")
        return
    try:
        cli.client.auth.logout(refresh_token)
    except ChatOpsError as error:
        cli.out.say(f"forgot the session; the hub could not be told: {escape(error.message)}")
        return
    cli.out.say(f"signed out of {cli.connection.hub} (profile {escape(name)})")
