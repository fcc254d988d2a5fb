"""``chatops logs``."""

from __future__ import annotations

from typing import Annotated, cast, get_args

import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, UNTIL, asked, print_newest
from chatops.cli.completion import complete_targets
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.log_styles import LEVEL_STYLES
from chatops.cli.reading import moment
from chatops.cli.view import Column, View
from chatops.errors import InvalidInput
from chatops.protocol.rest import LogEntry, LogLevel

app = group("Logs of servers: lines that agents ship, and what happened to servers.")
app.callback()(lambda: None)  # a group, also as long as it has one command

LEVELS: tuple[str, ...] = get_args(LogLevel)
LEVEL = Annotated[
    str | None,
    typer.Option(
        "--level", metavar="|".join(LEVELS), help="of that level or worse",
        autocompletion=lambda incomplete: [one for one in LEVELS if one.startswith(incomplete)],
    ),
]  # fmt: skip


ENTRIES = View(
    LogEntry,
    lambda entry: entry.message,
    [
        Column("TIME", lambda e: show.local(e.ts)),
        Column("SERVER", lambda e: e.server),
        Column("LEVEL", lambda e: e.level, lambda e: LEVEL_STYLES.get(e.level)),
        Column("SOURCE", lambda e: e.source, spare=True),
        Column("MESSAGE", lambda e: e.message),
    ],
)


@command(app, "search", example="chatops logs search 'connection refused' --since 2h --level error")
def search(
    cli: Cli,
    query: Annotated[
        str, typer.Argument(metavar="QUERY", help='words; "a phrase", begin*, -without')
    ],
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="TARGET",
            help="only of these servers",
            autocompletion=complete_targets,
        ),
    ] = None,
    since: Annotated[
        str, typer.Option("--since", metavar="WHEN", help="a duration ago, or a time")
    ] = "1h",
    until: UNTIL = None,
    level: LEVEL = None,
    limit: LIMIT = 100,
) -> None:
    """Stored lines that have all words of QUERY, whole words in any case; oldest first."""
    found = cli.client.logs.search(
        query, target=server, level=read_level(level), since=moment(since, "--since"),
        until=moment(until, "--until"), limit=asked(limit),
    )  # fmt: skip
    print_newest(cli.out, found, ENTRIES, limit)


def read_level(text: str | None) -> LogLevel | None:
    """The level that was typed.

    Raises:
        InvalidInput: there is no such one.
    """
    if text is not None and text not in LEVELS:
        raise InvalidInput(f"there is no level {text!r}", hint=f"levels are {', '.join(LEVELS)}")
    return cast("LogLevel | None", text)
