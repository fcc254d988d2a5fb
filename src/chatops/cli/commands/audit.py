"""``chatops audit``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, SINCE, UNTIL, asked, print_newest
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.output import compact
from chatops.cli.reading import moment
from chatops.cli.view import Column, View
from chatops.protocol.rest import AuditRecord

app = group("Who did what.")
AUDIT = View(
    AuditRecord,
    lambda record: str(record.id),
    [
        Column("ID", lambda r: str(r.id), right=True),
        Column("TIME", lambda r: show.local(r.ts)),
        Column("USER", lambda r: r.user),
        Column("ACTION", lambda r: r.action),
        Column("TARGET", lambda r: r.target),
        Column("OUTCOME", lambda r: r.outcome, lambda r: None if r.outcome == "ok" else "warn"),
        Column("ADDRESS", lambda r: r.address),
        Column("DETAIL", lambda r: compact(r.detail) if r.detail else None),
    ],
)


@command(app, "list", example="chatops audit list --user ada --since 7d")
def list_audit(
    cli: Cli,
    user: Annotated[str | None, typer.Option("--user", metavar="USER", help="by whom")] = None,
    action: Annotated[
        str | None, typer.Option("--action", metavar="A", help="what, like servers.add")
    ] = None,
    since: SINCE = None,
    until: UNTIL = None,
    limit: LIMIT = 100,
) -> None:
    """The audit record, oldest first: who, from where, on what, with which outcome."""
    found = cli.client.audit.list(
        user=user, action=action, since=moment(since, "--since"),
        until=moment(until, "--until"), limit=asked(limit),
    )  # fmt: skip
    print_newest(cli.out, found, AUDIT, limit)


app.callback()(lambda: None)  # so that it stays a group as long as it has one command only
