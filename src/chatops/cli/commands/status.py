"""``chatops status``."""

from __future__ import annotations

from chatops.cli import show
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import Status
from chatops.text import escape

app = group("The hub's version and the fleet's health.")
STATUS = View(
    Status,
    lambda status: status.url,
    [
        Column("hub", lambda s: s.url),
        Column("version", lambda s: s.version),
        Column("up", lambda s: show.duration(s.uptime_s)),
        Column("servers", lambda s: str(s.servers.total)),
        Column("online", lambda s: str(s.servers.online)),
        Column("offline", lambda s: str(s.servers.offline), lambda s: _bad(s.servers.offline)),
        Column("never seen", lambda s: str(s.servers.never)),
        Column("firing", lambda s: str(s.alerts.firing), lambda s: _bad(s.alerts.firing)),
        Column("pending", lambda s: str(s.alerts.pending)),
    ],
)


@command(app, "status", example="chatops status -o json")
def show_status(cli: Cli) -> None:
    """The hub's version and uptime, how many servers there are, and firing alerts."""
    status = cli.client.hub.status()
    cli.out.item(status, STATUS)
    cli.out.flush()
    for warning in status.warnings:
        cli.out.say(f"warning: {escape(warning)}")


def _bad(count: int) -> Style | None:
    return "bad" if count else None
