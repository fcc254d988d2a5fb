"""``chatops metrics``."""

from __future__ import annotations

from chatops.cli.args import SERVER
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.sample import show_sample

app = group("Measured values: latest, past and live.")


@command(app, "show", example="chatops metrics show web-1 -o json")
def show_latest(cli: Cli, server: SERVER) -> None:
    """The latest sample of a server, in full."""
    show_sample(cli.out, cli.client.metrics.latest(server))
