"""``chatops events``."""

from __future__ import annotations

from chatops.cli import show
from chatops.cli.args import LIMIT, MAYBE_SERVER, SINCE, UNTIL, asked, print_newest
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.reading import span
from chatops.cli.view import Column, Style, View
from chatops.protocol.rest import Event

app = group("Connections and disconnections.")


def _style(event: Event) -> Style | None:
    styles: dict[str, Style] = {"connected": "good", "disconnected": "warn", "refused": "bad"}
    return styles.get(event.event)


EVENTS = View(
    Event,
    lambda event: event.server or "",
    [
        Column("TIME", lambda e: show.local(e.ts)),
        Column("SERVER", lambda e: e.server),
        Column("EVENT", lambda e: e.event, _style),
        Column("ADDRESS", lambda e: e.address),
        Column("REASON", lambda e: e.reason),
    ],
)


@command(app, "events", example="chatops events web-1 --since 7d")
def events(
    cli: Cli,
    server: MAYBE_SERVER = None,
    since: SINCE = None,
    until: UNTIL = None,
    limit: LIMIT = 100,
) -> None:
    """When servers connected and disconnected, and why; oldest first."""
    begin, end = span(since, until)
    found = cli.client.events.list(server=server, since=begin, until=end, limit=asked(limit))
    print_newest(cli.out, found, EVENTS, limit)
