"""``chatops status``."""

from __future__ import annotations

from collections.abc import Iterator

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
    """The hub's version and uptime, how many servers there are, and firing alerts, for people also
    how many of them are critical. Keys that
    expire within 14 days, or that two agents use, are named on stderr, and for administrators
    what else they should look after."""
    status = cli.client.hub.status()
    for_people = cli.out.form == "table" and not cli.out.quiet
    cli.out.item(status, _view(cli) if for_people and status.alerts.firing else STATUS)
    if for_people:
        cli.out.flush()
        for line in _warnings(status):
            cli.out.say(line)


def _view(cli: Cli) -> View[Status]:
    """The same, with how many of the firing alerts are critical."""
    from chatops.cli.critical import critical_alerts

    number = len(critical_alerts(cli, ["firing"]))
    firing = Column(
        "firing", lambda s: f"{s.alerts.firing} ({number} critical)" if number else
        str(s.alerts.firing), lambda s: "bad",
    )  # fmt: skip
    columns = [firing if one.title == firing.title else one for one in STATUS.columns]
    return View(Status, STATUS.name, columns)


def _warnings(status: Status) -> Iterator[str]:
    yield from (f"warning: {escape(one)}" for one in status.warnings)
    for key in status.keys_expiring:
        yield (
            f"warning: the key {escape(key.name)} of {escape(key.server)} expires at "
            f"{show.local(key.expires_at)}"
        )
    if status.keys_expiring:
        yield "hint: chatops keys create SERVER, and give the new key to the agent"
    for shared in status.keys_shared:
        agents = " and ".join(escape(one) for one in shared.agents)
        yield f"warning: two agents use the key of {escape(shared.server)}: {agents}"
    if status.keys_shared:
        yield "hint: stop one, or add a server for it; if you know neither, revoke the key"


def _bad(count: int) -> Style | None:
    return "bad" if count else None
