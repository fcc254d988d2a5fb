"""``chatops whoami``."""

from __future__ import annotations

from chatops.cli import show
from chatops.cli.commands.users import USER
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.view import Column, View
from chatops.protocol.rest import Me

app = group("The account in use.")
ME = View(Me, USER.name, USER.columns)
ME_BY_TOKEN = View(
    Me,
    USER.name,
    [
        *USER.columns,
        Column("token", lambda me: me.token.name),
        Column("token id", lambda me: me.token.id),
        Column("servers", lambda me: me.token.servers or "all that the account may see"),
        Column("expires", lambda me: show.local(me.token.expires_at) or "never"),
    ],
)


@command(app, "whoami", example="chatops whoami -q")
def whoami(cli: Cli) -> None:
    """The account whose token is used, and the role that counts. With an API token that is at most
    the token's, whose name and servers are shown too."""
    me = cli.client.auth.me()
    cli.out.item(me, ME_BY_TOKEN if me.token else ME)
