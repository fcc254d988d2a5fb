"""``chatops tail``."""

from __future__ import annotations

from typing import Annotated

import typer

from chatops.cli.commands.logs import LEVEL, read_level
from chatops.cli.completion import complete_targets
from chatops.cli.context import Cli
from chatops.cli.define import command, group
from chatops.cli.exits import DONE, FAILED
from chatops.cli.tailing.choosing import Asked, checked, read_target, sources
from chatops.cli.tailing.merging import Merged
from chatops.cli.tailing.printing import Face, printer
from chatops.errors import InvalidInput

app = group("Lines of logs: the last ones, and those that come.")


@command(app, "tail", example="chatops tail 'web-*' -f --level warning --grep 'timeout|refused'")
def tail(
    cli: Cli,
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET[:/PATH]",
            help="servers; with a path a file of each of them",
            autocompletion=complete_targets,
        ),
    ],
    *,
    follow: Annotated[
        bool | None,
        typer.Option("-f", "--follow/--no-follow", help="go on with what comes; on at a terminal"),
    ] = None,
    lines: Annotated[
        int, typer.Option("-n", "--lines", metavar="N", min=0, help="begin with the last N lines")
    ] = 100,
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="U", help="the journal of a systemd unit")
    ] = None,
    container: Annotated[
        str | None, typer.Option("--container", metavar="C", help="what a container writes")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--source", metavar="S", help="of what is stored, only lines of this: unit:nginx, /PATH"
        ),
    ] = None,
    level: LEVEL = None,
    grep: Annotated[
        str | None,
        typer.Option("--grep", metavar="RE", help="lines in which this pattern (RE2) is found"),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="messages byte for byte, control characters too")
    ] = False,
) -> int:
    """Lines of the logs of one server, or of several as one stream: with no path, unit or
    container what the hub has stored of them (what agents ship, and the hub's own events), else
    what the servers have themselves. First the last lines, then, at a terminal or with -f, what
    comes, until Ctrl-C: none is left out between the two, and none when the hub or a server is
    away for less than a minute; what is missing is said. Lines of several servers begin with the
    name of theirs. Control characters are written out unless --raw is given."""
    if raw and (cli.out.form != "table" or cli.out.quiet):
        raise InvalidInput("raw bytes have no other form", hint="leave --raw or -o out")
    if follow is None:
        follow = cli.out.is_terminal() and cli.out.form != "json"
    if follow:
        cli.out.refuse_json()
    name, path = read_target(target)
    return _show(
        cli,
        checked(Asked(name, path, unit, container, source, lines, follow, read_level(level), grep)),
        raw=raw,
    )


def _show(cli: Cli, asked: Asked, *, raw: bool) -> int:
    found = sources(cli, asked)
    several = asked.several and not asked.stored
    merged = Merged(found, cli.out.say)
    shown = printer(cli.out, Face(named=asked.several, described=asked.stored), raw=raw)
    whole = False
    try:
        for some in merged.lines() if several else found[0].lines():
            if some:
                shown.show(some)
        whole = True
    finally:
        shown.close(whole=whole)
    return FAILED if merged.failed else DONE
