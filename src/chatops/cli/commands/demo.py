"""``chatops demo``."""

from __future__ import annotations

from chatops.cli.context import Cli
from chatops.cli.define import command, group

app = group("Hub and agent of this machine in a throw-away folder.")


@command(app, "demo", example="chatops demo", hub=False)
def demo(cli: Cli) -> int:
    """Start a hub and an agent of this machine in a throw-away folder, signed in as profile
    `demo`; Ctrl-C ends both and removes everything."""
    from chatops.cli.demo import run

    cli.out.say_at_once()
    return run(cli)
