"""``chatops logs``."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Annotated, cast, get_args

import typer

from chatops.cli import show
from chatops.cli.args import LIMIT, UNTIL, asked, print_newest
from chatops.cli.completion import complete_targets
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.log_styles import LEVEL_STYLES
from chatops.cli.output import Output
from chatops.cli.reading import span
from chatops.cli.tailing.lines import stored_line
from chatops.cli.tailing.printing import Face, printer
from chatops.cli.view import Column, View
from chatops.errors import InvalidInput
from chatops.protocol.rest import LogEntry, LogLevel
from chatops.protocol.target import parse_target

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
        str | None,
        typer.Argument(
            metavar="QUERY", help='words; "a phrase", begin*, -without; all lines if not given'
        ),
    ] = None,
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
    """Stored lines that have all words of QUERY, whole words in any case; oldest first. On a
    terminal they stand as those of `chatops tail` do, elsewhere in a table."""
    begin, end = span(since, until)
    found = cli.client.logs.search(
        query, target=server, level=read_level(level), since=begin, until=end, limit=asked(limit)
    )
    read = cli.out.is_terminal() and cli.out.form == "table" and not cli.out.quiet
    several = server is None or parse_target(server).one is None
    show = functools.partial(print_lines, cli.out, named=several) if read else None
    print_newest(cli.out, found, ENTRIES, limit, show)


def print_lines(out: Output, entries: Sequence[LogEntry], *, named: bool) -> None:
    """Entries as people read them; ``named``: their servers before them."""
    if not entries:
        out.say("no line has that")
    shown = printer(out, Face(named=named, described=True), raw=False)
    shown.show([stored_line(one) for one in entries])
    shown.close(whole=True)


def read_level(text: str | None) -> LogLevel | None:
    """The level that was typed.

    Raises:
        InvalidInput: there is no such one.
    """
    if text is not None and text not in LEVELS:
        raise InvalidInput(f"there is no level {text!r}", hint=f"levels are {', '.join(LEVELS)}")
    return cast("LogLevel | None", text)
