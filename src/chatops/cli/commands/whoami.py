"""``chatops whoami``."""

from __future__ import annotations

from chatops.cli.commands.users import USER
from chatops.cli.context import Cli
from chatops.cli.define import command, group

app = group("The account in use.")


@command(app, "whoami", example="chatops whoami -q")
def whoami(cli: Cli) -> None:
    """The account whose token is used, and its role."""
    cli.out.item(cli.client.auth.me(), USER)
